{{ config(materialized='view') }}

with

leads as (

    select * from {{ ref('int_lead_outcomes') }}

),

model_outcomes as (

    select * from {{ ref('model_outcomes') }}

),

deal_stages as (

    select * from {{ ref('deal_stages') }}

),

open_deals as (

    select
        lead_deals.as_of_date,
        lead_deals.lead_no,
        model_outcomes.model_no,
        max(deal_stages.confidence_pct) as deal_stage_pct,
        max(lead_deals.probability_pct) as crm_probability_pct
    from {{ ref('int_lead_deals') }} as lead_deals
    inner join model_outcomes
        on {{ is_of_product('model_outcomes.product', 'lead_deals.product') }}
    left join deal_stages on lower(trim(lead_deals.stage)) = deal_stages.stage
    where lead_deals.deal_state = 'open'
    group by lead_deals.as_of_date, lead_deals.lead_no, model_outcomes.model_no

),

crm_activities as (

    select activities.activity_no
    from {{ ref('int_activities') }} as activities
    inner join {{ ref('activity_definitions') }} as definitions
        on activities.activity = definitions.activity
    where definitions.channel = 'crm'

),

sales_activities as (

    select
        as_of_date,
        lead_no,
        sum(distinct_event_count) as sales_activities
    from {{ ref('int_lead_activity_days') }}
    where activity_no in (select crm_activities.activity_no from crm_activities)
    group by as_of_date, lead_no

)

select
    leads.as_of_date,
    leads.model_no,
    leads.lead_no,
    leads.is_at_risk,
    cast(coalesce(open_deals.deal_stage_pct, 0) as {{ dbt.type_bigint() }}) as deal_stage_pct,
    cast(
        least(coalesce(sales_activities.sales_activities, 0), {{ most_sales_activities() }})
        as {{ dbt.type_bigint() }}
    ) as sales_activities,
    open_deals.crm_probability_pct
from leads
left join open_deals
    on
    leads.as_of_date = open_deals.as_of_date
    and leads.lead_no = open_deals.lead_no
    and leads.model_no = open_deals.model_no
left join sales_activities
    on leads.as_of_date = sales_activities.as_of_date and leads.lead_no = sales_activities.lead_no
