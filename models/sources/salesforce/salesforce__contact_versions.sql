{{ config(materialized='table') }}

with

recorded as (

    {{ read_recorded('contact') }}

),

changes as (

    {{ read_field_changes('contact', 'contact_history', fields_of('contact')) }}

),

{{ versions_of_records(fields_of('contact'), facts_of('contact')) }}

select * from versions
