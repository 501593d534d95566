with

quarantined as (

    select
        'crm.leads' as table_name,
        lead_id as row_key,
        cast(null as {{ dbt.type_string() }}) as row_key_part,
        quarantine_column as column_name,
        quarantine_value as value,
        quarantine_reason as reason,
        first_seen_at,
        file_name,
        cast(null as {{ dbt.type_bigint() }}) as line_number
    from {{ ref('base_crm__leads') }}
    where quarantine_reason is not null
    union all
    select
        'crm.lead_attributes' as table_name,
        lead_id as row_key,
        attribute as row_key_part,
        quarantine_column as column_name,
        quarantine_value as value,
        quarantine_reason as reason,
        first_seen_at,
        file_name,
        cast(null as {{ dbt.type_bigint() }}) as line_number
    from {{ ref('base_crm__lead_attributes') }}
    where quarantine_reason is not null
    union all
    select
        'crm.accounts' as table_name,
        account_id as row_key,
        cast(null as {{ dbt.type_string() }}) as row_key_part,
        quarantine_column as column_name,
        quarantine_value as value,
        quarantine_reason as reason,
        first_seen_at,
        file_name,
        cast(null as {{ dbt.type_bigint() }}) as line_number
    from {{ ref('base_crm__accounts') }}
    where quarantine_reason is not null
    union all
    select
        'crm.opportunities' as table_name,
        opportunity_id as row_key,
        cast(null as {{ dbt.type_string() }}) as row_key_part,
        quarantine_column as column_name,
        quarantine_value as value,
        quarantine_reason as reason,
        first_seen_at,
        file_name,
        cast(null as {{ dbt.type_bigint() }}) as line_number
    from {{ ref('base_crm__opportunities') }}
    where quarantine_reason is not null
    union all
    select
        'crm.opportunity_stages' as table_name,
        opportunity_id as row_key,
        stage as row_key_part,
        quarantine_column as column_name,
        quarantine_value as value,
        quarantine_reason as reason,
        first_seen_at,
        file_name,
        cast(null as {{ dbt.type_bigint() }}) as line_number
    from {{ ref('base_crm__opportunity_stages') }}
    where quarantine_reason is not null
    union all
    select
        'crm.lead_feedback' as table_name,
        lead_id as row_key,
        verdict as row_key_part,
        quarantine_column as column_name,
        quarantine_value as value,
        quarantine_reason as reason,
        first_seen_at,
        file_name,
        cast(null as {{ dbt.type_bigint() }}) as line_number
    from {{ ref('base_crm__lead_feedback') }}
    where quarantine_reason is not null
    union all
    select
        'email.campaigns' as table_name,
        campaign_id as row_key,
        cast(null as {{ dbt.type_string() }}) as row_key_part,
        quarantine_column as column_name,
        quarantine_value as value,
        quarantine_reason as reason,
        first_seen_at,
        file_name,
        cast(null as {{ dbt.type_bigint() }}) as line_number
    from {{ ref('base_email__campaigns') }}
    where quarantine_reason is not null
    union all
    select
        events.table_name,
        events.row_key,
        cast(null as {{ dbt.type_string() }}) as row_key_part,
        events.column_name,
        events.value,
        events.reason,
        events.first_seen_at,
        events.file_name,
        cast(null as {{ dbt.type_bigint() }}) as line_number
    from {{ ref('int_quarantined_events') }} as events
    inner join {{ ref('int_event_tables') }} as event_tables
        on
        events.table_name = event_tables.table_name
        and events.occurred_on >= event_tables.counts_from
    union all
    select
        table_name,
        cast(null as {{ dbt.type_string() }}) as row_key,
        cast(null as {{ dbt.type_string() }}) as row_key_part,
        'line' as column_name,
        line as value,
        reason,
        cast(null as {{ dbt.type_timestamp() }}) as first_seen_at,
        file_name,
        line_number
    from {{ ref('int_unreadable_lines') }}

)

select * from quarantined
