{{ config(materialized='view') }}

with

leads as (

    select * from {{ ref('int_lead_outcomes') }}
    where is_at_risk and has_horizon_ended

),

lead_totals as (

    select * from {{ ref('lead_totals') }}

),

lead_tiers as (

    select * from {{ source('tiering', 'lead_tiers') }}

),

model_tiers as (

    select * from {{ ref('model_tiers') }}

),

sales_state as (

    select * from {{ ref('int_lead_sales_state') }}

)

select
    leads.as_of_date,
    leads.model_no,
    leads.model_id,
    leads.lead_no,
    leads.lead_id,
    leads.lead_key,
    lead_totals.score,
    lead_tiers.tier,
    lead_tiers.grade,
    sales_state.deal_stage_pct,
    sales_state.sales_activities,
    leads.has_next_outcome,
    -- Who is worked says what working brings: of those below the line the few that were drawn stand
    -- for all.
    case
        when model_tiers.hands_over then 1
        when
            {{ draw_of(['leads.model_id', 'leads.lead_id']) }} < model_tiers.worked_anyway_pct
            then {{ divided('100', 'model_tiers.worked_anyway_pct') }}
    end as worked_weight
from leads
inner join lead_totals
    on
    leads.as_of_date = lead_totals.as_of_date
    and leads.model_no = lead_totals.model_no
    and leads.lead_no = lead_totals.lead_no
inner join sales_state
    on
    leads.as_of_date = sales_state.as_of_date
    and leads.model_no = sales_state.model_no
    and leads.lead_no = sales_state.lead_no
left join lead_tiers
    on
    leads.as_of_date = lead_tiers.as_of_date
    and leads.model_id = lead_tiers.model_id
    and leads.lead_id = lead_tiers.lead_id
left join model_tiers
    on leads.model_id = model_tiers.model_id and lead_tiers.tier = model_tiers.tier
where lead_totals.score is not null
