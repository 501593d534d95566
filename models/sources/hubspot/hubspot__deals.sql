{{ config(materialized='table') }}

with

deals as (

    {{ read_vendor_table('hubspot', 'deal') }}

),

merged_deals as (

    {{ read_vendor_table('hubspot', 'merged_deal') }}

),

losers as (

    select distinct merged_deal_id as deal_id
    from merged_deals
    where merged_deal_id <> deal_id

)

select
    deals.*,
    case
        when coalesce(deals.is_deleted, false) or coalesce(deals._fivetran_deleted, false)
            then 'was deleted'
        when losers.deal_id is not null then 'was merged into another deal'
    end as left_out
from deals
left join losers on deals.deal_id = losers.deal_id
