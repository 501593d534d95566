with

entries as (

    {{ read_vendor_table('hubspot', 'deal_stage', {
        'deal_id': 'text', 'value': 'text', 'date_entered': 'given', '_fivetran_synced': 'given'
    }) }}

)

select
    {{ vendor_key('hubspot', 'entries.deal_id') }} as opportunity_id,
    coalesce(stages.stage, entries.value) as stage,
    entries.date_entered as entered_at,
    entries._fivetran_synced as _loaded_at
from entries
left join {{ ref('hubspot__deal_stage_names') }} as stages on entries.value = stages.stage_id
left join {{ ref('hubspot__deals') }} as deals on entries.deal_id = deals.deal_id
where deals.left_out is null
