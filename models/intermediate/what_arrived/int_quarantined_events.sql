{{ config(
    materialized='incremental',
    incremental_strategy='append',
    partition_by='occurred_on',
    on_schema_change='append_new_columns',
    pre_hook=[
        "{{ delete_changed_loads('crm.activities', 'cast(first_seen_at as date)') }}",
        "{{ delete_changed_loads('email.events', 'cast(first_seen_at as date)') }}",
        "{{ delete_changed_loads('web.events', 'cast(first_seen_at as date)') }}",
    ]
) }}

with

quarantined as (

    {{ stack_event_rows(
        '{id} as row_key, quarantine_column as column_name, quarantine_value as value,'
        ~ ' quarantine_reason as reason, first_seen_at, file_name, occurred_on',
        is_newly_loaded
    ) }}

)

select * from quarantined
where reason is not null
