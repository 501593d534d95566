{{ config(materialized='view') }}

with

leads as (

    select * from {{ ref('int_leads') }}

),

people as (

    select * from {{ ref('int_people') }}

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

exclusions as (

    select * from {{ ref('int_exclusions') }}

),

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

newest_day as (

    select max(as_of_date) as newest_as_of_date from as_of_dates

),

leads_with_opportunity as (

    select distinct
        opportunities.as_of_date,
        scored_models.model_id,
        people.person_lead_id
    from opportunities
    inner join people
        on
        opportunities.as_of_date = people.as_of_date
        and opportunities.lead_id = people.lead_id
    inner join scored_models
        on {{ is_of_product('scored_models.product', 'opportunities.product') }}

),

-- Nobody sells to an excluded lead, so that it says nothing about the rules it meets.
lead_outcomes as (

    select
        leads.as_of_date,
        scored_models.model_no,
        scored_models.model_id,
        leads.lead_no,
        leads.lead_id,
        leads.lead_key,
        leads_with_opportunity.person_lead_id is not null as has_opportunity
    from leads
    inner join newest_day on leads.as_of_date = newest_day.newest_as_of_date
    cross join scored_models
    left join leads_with_opportunity
        on leads.as_of_date = leads_with_opportunity.as_of_date
        and scored_models.model_id = leads_with_opportunity.model_id
        and leads.lead_id = leads_with_opportunity.person_lead_id
    left join exclusions
        on leads.as_of_date = exclusions.as_of_date
        and scored_models.model_no = exclusions.model_no
        and leads.lead_no = exclusions.lead_no
    where exclusions.lead_no is null

)

select * from lead_outcomes
