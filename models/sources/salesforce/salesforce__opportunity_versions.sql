{{ config(materialized='table') }}

with

recorded as (

    {{ read_recorded('opportunity') }}

),

steps as (

    {{ read_salesforce('opportunity_history') }}

),

field_changes as (

    {{ read_field_changes('opportunity', 'opportunity_field_history', fields_of('opportunity')) }}

),

-- Salesforce writes the stage, amount, probability and date of a deal down whenever one changes.
told_steps as (

    {% for name in ['stage_name', 'amount', 'probability', 'close_date'] -%}
    select
        opportunity_id as id,
        '{{ name }}' as name,
        cast(null as {{ dbt.type_string() }}) as old_value,
        {{ name }} as value,
        created_date as timestamp,
        _fivetran_synced,
        _file_name
    from steps
    where opportunity_id is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

changes as (

    select * from told_steps
    union all
    select * from field_changes
    where name not in ('stage_name', 'amount', 'probability', 'close_date') or id not in (
        select opportunity_id from steps
        where opportunity_id is not null
    )

),

{{ versions_of_records(fields_of('opportunity'), facts_of('opportunity')) }}

select * from versions
