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

dated as (

    select
        leads.as_of_date,
        leads.model_no,
        leads.lead_no,
        max(
            case
                when days.is_outcome and days.happened_on <= leads.as_of_date
                    then days.happened_on
            end
        ) as outcome_on,
        max(case when days.happened_on <= leads.as_of_date then days.happened_on end) as ended_on,
        min(
            case
                when days.is_outcome and days.happened_on > leads.as_of_date
                    then days.happened_on
            end
        ) as next_outcome_on,
        min(
            case
                when days.is_outcome and days.happened_on >= cast(leads.created_at as date)
                    then days.happened_on
            end
        ) as first_outcome_on,
        max(
            case
                when days.happened_on < cast(leads.created_at as date) then days.happened_on
            end
        ) as ended_before_on
    from leads
    left join persons on leads.lead_no = persons.lead_no
    inner join outcome_days as days
        on
        leads.model_no = days.model_no
        and coalesce(persons.person_lead_no, leads.lead_no) = days.lead_no
    group by leads.as_of_date, leads.model_no, leads.lead_no

)

select
    leads.*,
    dated.outcome_on,
    dated.outcome_on is not null as has_outcome,
    coalesce(
        dated.ended_on + model_outcomes.cool_down_days <= leads.as_of_date, dated.ended_on is null
    ) as is_at_risk,
    leads.as_of_date + model_outcomes.horizon_days <= newest_day.as_of_date as has_horizon_ended,
    dated.next_outcome_on,
    coalesce(dated.next_outcome_on <= leads.as_of_date + model_outcomes.horizon_days, false)
        as has_next_outcome,
    dated.first_outcome_on,
    coalesce(
        dated.ended_before_on + model_outcomes.cool_down_days < cast(leads.created_at as date),
        dated.ended_before_on is null
    ) as was_at_risk_at_first
from leads
cross join newest_day
inner join model_outcomes on leads.model_no = model_outcomes.model_no
left join dated
    on
    leads.as_of_date = dated.as_of_date
    and leads.model_no = dated.model_no
    and leads.lead_no = dated.lead_no
