with

sales_state as (

    select * from {{ ref('int_lead_sales_state') }}

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

leads as (

    select * from {{ ref('int_leads') }}

),

lead_totals as (

    select * from {{ ref('lead_totals') }}

),

model_outcomes as (

    select * from {{ ref('model_outcomes') }}

),

-- A curve about another outcome than today's says nothing.
curves as (

    select curves.*
    from {{ source('evidence', 'confidence_curves') }} as curves
    inner join {{ source('evidence', 'model_confidence') }} as fitted
        on curves.model_id = fitted.model_id
    inner join model_outcomes
        on
        fitted.model_id = model_outcomes.model_id
        and fitted.outcome_key = model_outcomes.outcome_key

),

curve_ends as (

    select
        model_id,
        min(score) as lowest_score,
        max(score) as highest_score
    from curves
    group by model_id

),

stages as (

    select distinct deal_stage_pct from sales_state

),

stages_of_curves as (

    select distinct
        model_id,
        deal_stage_pct
    from curves

),

-- A stage that the curve does not know counts as the next lower one that it does.
curve_stages as (

    select
        stages.deal_stage_pct,
        stages_of_curves.model_id,
        max(stages_of_curves.deal_stage_pct) as known_stage_pct
    from stages
    inner join stages_of_curves on stages.deal_stage_pct >= stages_of_curves.deal_stage_pct
    group by stages.deal_stage_pct, stages_of_curves.model_id

),

placed as (

    select
        sales_state.*,
        scored_models.model_id,
        leads.lead_id,
        curve_stages.known_stage_pct,
        case
            -- An unknown score is no highest one.
            when lead_totals.score is not null
                then greatest(
                        curve_ends.lowest_score,
                        least(
                            curve_ends.highest_score,
                            cast(round(lead_totals.score) as {{ dbt.type_bigint() }})
                        )
                    )
        end as curve_score
    from sales_state
    inner join scored_models on sales_state.model_no = scored_models.model_no
    inner join leads
        on sales_state.as_of_date = leads.as_of_date and sales_state.lead_no = leads.lead_no
    inner join lead_totals
        on
        sales_state.as_of_date = lead_totals.as_of_date
        and sales_state.lead_no = lead_totals.lead_no
        and sales_state.model_no = lead_totals.model_no
    left join curve_ends on scored_models.model_id = curve_ends.model_id
    left join curve_stages
        on
        scored_models.model_id = curve_stages.model_id
        and sales_state.deal_stage_pct = curve_stages.deal_stage_pct

),

stated as (

    select
        placed.*,
        curves.probability as curve_probability,
        curves.low as curve_low,
        curves.high as curve_high,
        -- What a seller says goes before what the past says.
        case
            when not placed.is_at_risk then 'not_at_risk'
            when placed.crm_probability_pct is not null then 'crm'
            when curves.probability is not null then 'calibrated'
            else 'too_few'
        end as source
    from placed
    left join curves
        on
        placed.model_id = curves.model_id
        and placed.curve_score = curves.score
        and placed.known_stage_pct = curves.deal_stage_pct
        and placed.sales_activities = curves.sales_activities

)

select
    as_of_date,
    model_id,
    lead_id,
    cast(
        case source
            when 'crm' then least(crm_probability_pct, 100) / 100
            when 'calibrated' then curve_probability
        end as decimal(5, 4)
    ) as probability,
    cast(case when source = 'calibrated' then curve_low end as decimal(5, 4)) as low,
    cast(case when source = 'calibrated' then curve_high end as decimal(5, 4)) as high,
    source
from stated
