{{ config(materialized='table') }}

with

recorded as (

    {{ read_recorded('lead') }}

),

changes as (

    {{ read_field_changes('lead', 'lead_history', fields_of('lead')) }}

),

{{ versions_of_records(fields_of('lead'), facts_of('lead')) }}

select * from versions
