{{ config(materialized='view') }}

with

model_outcomes as (

    select * from {{ ref('model_outcomes') }}

),

history_cohorts as (

    select * from {{ ref('history_cohorts') }}

),

-- What a back-test counted for another outcome than that of today's rule book says nothing.
tested as (

    select
        cohorts.model_id,
        cohorts.as_of_date,
        cohorts.tier,
        cohorts.grade,
        cohorts.leads,
        cohorts.outcomes
    from {{ source('evidence', 'backtest_cohorts') }} as cohorts
    inner join model_outcomes
        on
        cohorts.model_id = model_outcomes.model_id
        and cohorts.outcome_key = model_outcomes.outcome_key

),

months_of_history as (

    select distinct
        model_id,
        {{ dbt.date_trunc('month', 'as_of_date') }} as month_of_day
    from history_cohorts

),

-- The tier in which a lead stood goes before the one that a back-test gives it for a day of the
-- same month. The history holds no grades.
counted as (

    select
        model_id,
        as_of_date,
        'history' as counted_by,
        'tier' as kind,
        tier as name,
        leads,
        outcomes
    from history_cohorts
    union all
    select
        tested.model_id,
        tested.as_of_date,
        'backtest' as counted_by,
        'tier' as kind,
        tested.tier as name,
        tested.leads,
        tested.outcomes
    from tested
    left join months_of_history
        on
        tested.model_id = months_of_history.model_id
        and {{ dbt.date_trunc('month', 'tested.as_of_date') }} = months_of_history.month_of_day
    where tested.tier is not null and months_of_history.model_id is null
    union all
    select
        model_id,
        as_of_date,
        'backtest' as counted_by,
        'grade' as kind,
        grade as name,
        leads,
        outcomes
    from tested
    where grade is not null

)

select
    counted.model_id,
    model_outcomes.horizon_days,
    model_outcomes.outcome_key,
    counted.as_of_date,
    counted.as_of_date + model_outcomes.horizon_days as came_by,
    counted.counted_by,
    counted.kind,
    counted.name,
    sum(counted.leads) as leads,
    sum(counted.outcomes) as outcomes
from counted
inner join model_outcomes on counted.model_id = model_outcomes.model_id
group by
    counted.model_id, model_outcomes.horizon_days, model_outcomes.outcome_key, counted.as_of_date,
    counted.counted_by, counted.kind, counted.name
