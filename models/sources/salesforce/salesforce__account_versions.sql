{{ config(materialized='table') }}

with

recorded as (

    {{ read_recorded('account') }}

),

changes as (

    {{ read_field_changes('account', 'account_history', fields_of('account')) }}

),

{{ versions_of_records(fields_of('account'), facts_of('account')) }}

select * from versions
