with

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

deal_stages as (

    select * from {{ ref('deal_stages') }}

),

open_opportunities as (

    select *
    from opportunities
    where is_won is null

)

select
    open_opportunities.as_of_date,
    open_opportunities.opportunity_id,
    open_opportunities.lead_id,
    open_opportunities.account_id,
    open_opportunities.stage,
    open_opportunities.amount,
    cast(deal_stages.confidence_pct as decimal(5, 2)) as confidence_pct,
    cast(open_opportunities.amount * deal_stages.confidence_pct / 100 as decimal(18, 2))
        as forecast_amount
from open_opportunities
left join deal_stages
    on lower(open_opportunities.stage) = deal_stages.stage
