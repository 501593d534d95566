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

model_outcomes as (

    select * from {{ ref('model_outcomes') }}

),

outcome_days as (

    select * from {{ ref('int_lead_outcome_days') }}

),

-- Who stood for itself on a past day may be the duplicate of another by now.
persons as (

    select
        people.lead_no,
        people.person_lead_no
    from people
    inner join newest_day on people.as_of_date = newest_day.as_of_date

),

leads_of_persons as (

    select
        leads.as_of_date,
        leads.model_no,
        leads.lead_no,
        cast(leads.created_at as date) - 1 as eve,
        coalesce(persons.person_lead_no, leads.lead_no) as person_lead_no
    from leads
    left join persons on leads.lead_no = persons.lead_no

),

dated as (

    {{ date_outcomes('leads_of_persons', 'outcome_days') }}

),

-- A lead's first day had only begun: what happens on it is still to come.
eves as (

    select distinct
        eve as as_of_date,
        model_no,
        lead_no,
        person_lead_no
    from leads_of_persons

),

dated_at_first as (

    {{ date_outcomes('eves', 'outcome_days') }}

)

select
    leads.*,
    dated.outcome_on,
    dated.outcome_on is not null as has_outcome,
    {{ is_at_risk('dated', 'model_outcomes', 'leads') }} as is_at_risk,
    leads.as_of_date + model_outcomes.horizon_days <= newest_day.as_of_date as has_horizon_ended,
    dated.next_outcome_on,
    {{ came_within_horizon('dated', 'model_outcomes', 'leads') }} as has_next_outcome,
    dated_at_first.next_outcome_on as first_outcome_on,
    {{ is_at_risk('dated_at_first', 'model_outcomes', 'dated_at_first') }} as was_at_risk_at_first
from leads
cross join newest_day
inner join model_outcomes on leads.model_no = model_outcomes.model_no
left join dated
    on
    leads.as_of_date = dated.as_of_date
    and leads.model_no = dated.model_no
    and leads.lead_no = dated.lead_no
left join dated_at_first
    on
    cast(leads.created_at as date) - 1 = dated_at_first.as_of_date
    and leads.model_no = dated_at_first.model_no
    and leads.lead_no = dated_at_first.lead_no
