with

lead_deals as (

    select * from {{ ref('int_lead_deals') }}

),

scopes as (

    select distinct
        product,
        coalesce(lower(product), '') as product_key
    from {{ ref('scoped_attributes') }}
    where kind = 'deals'

),

deal_stages as (

    select * from {{ ref('deal_stages') }}

),

scoped_deals as (

    select
        lead_deals.*,
        scopes.product_key,
        row_number() over (
            partition by
                lead_deals.as_of_date, lead_deals.lead_no, scopes.product_key,
                lead_deals.deal_state
            order by
                case when lead_deals.stage is null then 1 else 0 end,
                coalesce(deal_stages.confidence_pct, -1) desc, lead_deals.stage
        ) as stage_place
    from lead_deals
    inner join scopes on {{ is_of_product('scopes.product', 'lead_deals.product') }}
    left join deal_stages on lower(trim(lead_deals.stage)) = deal_stages.stage

)

select
    as_of_date,
    lead_no,
    product_key,
    sum(case when deal_state = 'open' then 1 else 0 end) as open_opportunities,
    sum(case when deal_state = 'open' then coalesce(amount, 0) else 0 end) as open_amount,
    max(case when deal_state = 'open' and stage_place = 1 then stage end) as furthest_stage,
    sum(case when deal_state = 'lost' then 1 else 0 end) as lost_opportunities,
    {{ days_between("max(case when deal_state = 'lost' then deal_state_on end)", 'as_of_date') }}
        as days_since_lost,
    {{ days_between("max(case when deal_state = 'won' then deal_state_on end)", 'as_of_date') }}
        as days_since_won
from scoped_deals
group by as_of_date, lead_no, product_key
