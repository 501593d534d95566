{{ config(materialized='table') }}

with

history as (

    select * from {{ source('tiering', 'lead_score_history') }}
    where tier is not null

),

scored_days as (

    select * from {{ source('tiering', 'scored_days') }}

),

model_outcomes as (

    select * from {{ ref('model_outcomes') }}

),

newest_day as (

    select max(as_of_date) as as_of_date from {{ ref('int_as_of_dates') }}

),

outcome_days as (

    select * from {{ ref('int_lead_outcome_days') }}

),

-- A duplicate is counted as the person that it is by now.
persons as (

    select
        people.lead_id,
        people.lead_no
    from {{ ref('int_people') }} as people
    inner join newest_day on people.as_of_date = newest_day.as_of_date
    where people.lead_no = people.person_lead_no

),

-- Why a lead is excluded by now tells whether it was on a past day: a customer it has become at
-- some time; what else there is counts for all of the past.
excluded as (

    select
        exclusions.model_no,
        exclusions.lead_no,
        case when scored_models.excludes_customers then customers.customer_since end
            as excluded_since
    from {{ ref('int_exclusions') }} as exclusions
    inner join newest_day on exclusions.as_of_date = newest_day.as_of_date
    inner join {{ ref('scored_models') }} as scored_models
        on exclusions.model_no = scored_models.model_no
    left join {{ ref('customers_since') }} as customers on exclusions.lead_no = customers.lead_no

),

-- The last scored day of each month, and the first day of all, after which a young history would
-- have nothing to say for a month.
chosen_days as (

    select
        model_id,
        max(as_of_date) as as_of_date
    from scored_days
    group by model_id, {{ dbt.date_trunc('month', 'as_of_date') }}
    union
    select
        model_id,
        min(as_of_date) as as_of_date
    from scored_days
    group by model_id

),

ended as (

    select
        model_outcomes.model_no,
        model_outcomes.model_id,
        chosen_days.as_of_date,
        row_number() over (
            partition by model_outcomes.model_id order by chosen_days.as_of_date desc
        ) as recency
    from chosen_days
    inner join model_outcomes on chosen_days.model_id = model_outcomes.model_id
    inner join newest_day
        on chosen_days.as_of_date + model_outcomes.horizon_days <= newest_day.as_of_date

),

leads as (

    select
        ended.as_of_date,
        ended.model_no,
        ended.model_id,
        persons.lead_no,
        persons.lead_no as person_lead_no,
        history.tier
    from ended
    inner join history
        on
        ended.model_id = history.model_id
        and ended.as_of_date >= history.valid_from
        and ended.as_of_date < coalesce(history.valid_to, ended.as_of_date + 1)
    inner join persons on history.lead_id = persons.lead_id
    where ended.recency <= {{ days_of_history() }}

),

dated as (

    {{ date_outcomes('leads', 'outcome_days') }}

)

select
    leads.as_of_date,
    leads.model_id,
    leads.tier,
    count(*) as leads,
    count(case when {{ came_within_horizon('dated', 'model_outcomes', 'leads') }} then 1 end)
        as outcomes
from leads
inner join model_outcomes on leads.model_no = model_outcomes.model_no
left join dated
    on
    leads.as_of_date = dated.as_of_date
    and leads.model_no = dated.model_no
    and leads.lead_no = dated.lead_no
left join excluded on leads.model_no = excluded.model_no and leads.lead_no = excluded.lead_no
where
    {{ is_at_risk('dated', 'model_outcomes', 'leads') }}
    and (excluded.lead_no is null or excluded.excluded_since > leads.as_of_date)
group by leads.as_of_date, leads.model_id, leads.tier
