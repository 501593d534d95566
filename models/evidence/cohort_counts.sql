{{ config(materialized='view') }}

with

model_outcomes as (

    select * from {{ ref('model_outcomes') }}

),

-- What a back-test counted for another outcome than that of today's rule book says nothing.
cohorts as (

    select
        cohorts.model_id,
        model_outcomes.horizon_days,
        cohorts.as_of_date,
        cohorts.as_of_date + model_outcomes.horizon_days as came_by,
        cohorts.tier,
        cohorts.grade,
        cohorts.leads,
        cohorts.outcomes
    from {{ source('evidence', 'backtest_cohorts') }} as cohorts
    inner join model_outcomes
        on
        cohorts.model_id = model_outcomes.model_id
        and cohorts.outcome_key = model_outcomes.outcome_key

)

select
    model_id,
    horizon_days,
    as_of_date,
    came_by,
    'tier' as kind,
    tier as name,
    leads,
    outcomes
from cohorts
where tier is not null
union all
select
    model_id,
    horizon_days,
    as_of_date,
    came_by,
    'grade' as kind,
    grade as name,
    leads,
    outcomes
from cohorts
where grade is not null
