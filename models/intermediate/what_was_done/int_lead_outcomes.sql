{{ config(materialized='view') }}

with

-- Nobody sells to an excluded lead, so that it says nothing about the rules it meets.
leads as (

    select * from {{ ref('int_leads_not_excluded') }}

),

people as (

    select * from {{ ref('int_people') }}

),

newest_day as (

    select max(as_of_date) as as_of_date from {{ ref('int_as_of_dates') }}

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

leads_with_opportunity as (

    select distinct
        opportunities.as_of_date,
        scored_models.model_no,
        people.person_lead_no
    from opportunities
    inner join people
        on
        opportunities.as_of_date = people.as_of_date
        and opportunities.lead_id = people.lead_id
    inner join scored_models
        on {{ is_of_product('scored_models.product', 'opportunities.product') }}

)

select
    leads.*,
    leads_with_opportunity.person_lead_no is not null as has_opportunity
from leads
inner join newest_day on leads.as_of_date = newest_day.as_of_date
left join leads_with_opportunity
    on leads.as_of_date = leads_with_opportunity.as_of_date
    and leads.model_no = leads_with_opportunity.model_no
    and leads.lead_no = leads_with_opportunity.person_lead_no
