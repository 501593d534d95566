{{ config(materialized='view') }}

with

model_outcomes as (

    select * from {{ ref('model_outcomes') }}

),

cohorts as (

    select * from {{ source('evidence', 'backtest_cohorts') }}

)

-- What a back-test counted for another outcome than that of today's rule book says nothing.
select
    cohorts.model_id,
    model_outcomes.horizon_days,
    cohorts.as_of_date,
    cohorts.as_of_date + model_outcomes.horizon_days as came_by,
    'tier' as kind,
    cohorts.tier as name,
    cohorts.leads,
    cohorts.outcomes
from cohorts
inner join model_outcomes
    on
    cohorts.model_id = model_outcomes.model_id
    and cohorts.outcome_key = model_outcomes.outcome_key
where cohorts.tier is not null
union all
select
    cohorts.model_id,
    model_outcomes.horizon_days,
    cohorts.as_of_date,
    cohorts.as_of_date + model_outcomes.horizon_days as came_by,
    'grade' as kind,
    cohorts.grade as name,
    cohorts.leads,
    cohorts.outcomes
from cohorts
inner join model_outcomes
    on
    cohorts.model_id = model_outcomes.model_id
    and cohorts.outcome_key = model_outcomes.outcome_key
where cohorts.grade is not null
