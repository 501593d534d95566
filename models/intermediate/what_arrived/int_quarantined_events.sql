{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='append_new_columns',
    pre_hook=[
        "{{ delete_changed_loads('crm.activities', 'cast(first_seen_at as date)') }}",
        "{{ delete_changed_loads('email.events', 'cast(first_seen_at as date)') }}",
        "{{ delete_changed_loads('web.events', 'cast(first_seen_at as date)') }}",
    ]
) }}

with

quarantined as (

    select
        'crm.activities' as table_name,
        activity_id as row_key,
        quarantine_column as column_name,
        quarantine_value as value,
        quarantine_reason as reason,
        first_seen_at,
        file_name,
        occurred_on
    from {{ ref('base_crm__activities') }}
    where {{ is_newly_loaded('crm.activities') }} and quarantine_reason is not null
    union all
    select
        'email.events' as table_name,
        event_id as row_key,
        quarantine_column as column_name,
        quarantine_value as value,
        quarantine_reason as reason,
        first_seen_at,
        file_name,
        occurred_on
    from {{ ref('base_email__events') }}
    where {{ is_newly_loaded('email.events') }} and quarantine_reason is not null
    union all
    select
        'web.events' as table_name,
        event_id as row_key,
        quarantine_column as column_name,
        quarantine_value as value,
        quarantine_reason as reason,
        first_seen_at,
        file_name,
        occurred_on
    from {{ ref('base_web__events') }}
    where {{ is_newly_loaded('web.events') }} and quarantine_reason is not null

)

select * from quarantined
