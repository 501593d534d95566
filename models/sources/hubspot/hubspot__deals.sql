with

deals as (

    {{ read_vendor_table('hubspot', 'deal', {
        'deal_id': 'text', 'deal_pipeline_stage_id': 'text', 'property_amount': 'given',
        'property_closedate': 'timestamp', 'property_createdate': 'timestamp',
        'property_hs_lastmodifieddate': 'timestamp', 'is_deleted': 'boolean',
        '_fivetran_deleted': 'boolean', '_fivetran_synced': 'timestamp'
    }) }}

),

merged_deals as (

    {{ read_vendor_table('hubspot', 'merged_deal', {'deal_id': 'text', 'merged_deal_id': 'text'}) }}

)

select
    deals.*,
    case
        when coalesce(deals.is_deleted, false) or coalesce(deals._fivetran_deleted, false)
            then 'was deleted'
        when exists (
            select 1
            from merged_deals
            where merged_deals.merged_deal_id = deals.deal_id
            and merged_deals.deal_id <> deals.deal_id
        ) then 'was merged into another deal'
    end as left_out
from deals
