with

quarantined as (

    {{ quarantined_of('crm.leads', ref('base_crm__leads'), 'lead_id') }}
    union all
    {{ quarantined_of(
        'crm.lead_attributes', ref('base_crm__lead_attributes'), 'lead_id', 'attribute'
    ) }}
    union all
    {{ quarantined_of('crm.accounts', ref('base_crm__accounts'), 'account_id') }}
    union all
    {{ quarantined_of('crm.opportunities', ref('base_crm__opportunities'), 'opportunity_id') }}
    union all
    {{ quarantined_of(
        'crm.opportunity_stages', ref('base_crm__opportunity_stages'), 'opportunity_id', 'stage'
    ) }}
    union all
    {{ quarantined_of(
        'crm.lead_feedback', ref('base_crm__lead_feedback'), 'lead_id', 'verdict'
    ) }}
    union all
    {{ quarantined_of('email.campaigns', ref('base_email__campaigns'), 'campaign_id') }}
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
