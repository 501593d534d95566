with

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

stage_confidences as (

    select
        lower(trim(stage)) as stage,
        {{ read_number('confidence_pct') }} as confidence_pct
    from {{ ref('stage_confidence') }}

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
    cast(stage_confidences.confidence_pct as decimal(5, 2)) as confidence_pct,
    cast(open_opportunities.amount * stage_confidences.confidence_pct / 100 as decimal(18, 2))
        as forecast_amount
from open_opportunities
left join stage_confidences
    on lower(open_opportunities.stage) = stage_confidences.stage
