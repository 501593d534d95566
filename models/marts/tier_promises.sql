with

cohort_counts as (

    select * from {{ ref('cohort_counts') }}

),

promise_checks as (

    select * from {{ ref('promise_checks') }}

),

newest_day as (

    select max(as_of_date) as as_of_date from {{ ref('int_as_of_dates') }}

),

model_outcomes as (

    select * from {{ ref('model_outcomes') }}

),

model_tiers as (

    select * from {{ ref('model_tiers') }}

),

model_grades as (

    select * from {{ ref('model_grades') }}

),

thresholds as (

    select * from {{ ref('thresholds') }}

),

-- What a promise is made for. The neighbours of a grade are those of the same fit.
promised as (

    select
        model_id,
        'tier' as kind,
        tier as name,
        level as place,
        '' as neighbours
    from model_tiers
    union all
    select
        model_id,
        'grade' as kind,
        grade as name,
        level as place,
        fit_grade as neighbours
    from model_grades

),

counted as (

    select
        cohort_counts.model_id,
        cohort_counts.kind,
        cohort_counts.name,
        sum(cohort_counts.leads) as leads,
        sum(cohort_counts.outcomes) as outcomes,
        sum(case when cohort_counts.counted_by = 'history' then cohort_counts.leads else 0 end)
            as leads_of_history
    from cohort_counts
    inner join newest_day on cohort_counts.came_by <= newest_day.as_of_date
    group by cohort_counts.model_id, cohort_counts.kind, cohort_counts.name

),

-- The day a horizon ago, or the latest before it.
latest_days as (

    select
        model_id,
        kind,
        max(promised_on) as promised_on
    from promise_checks
    group by model_id, kind

),

latest_checks as (

    select promise_checks.*
    from promise_checks
    inner join latest_days
        on
        promise_checks.model_id = latest_days.model_id
        and promise_checks.kind = latest_days.kind
        and promise_checks.promised_on = latest_days.promised_on

),

rates as (

    select
        newest_day.as_of_date,
        promised.*,
        model_outcomes.horizon_days,
        model_outcomes.outcome_key,
        coalesce(counted.leads, 0) as leads,
        coalesce(counted.leads_of_history, 0) as leads_of_history,
        coalesce(counted.outcomes, 0) as outcomes,
        {{ share_with_interval(
            'counted.outcomes',
            'case when counted.leads >= thresholds.promise_leads_needed then counted.leads end',
            'promise'
        ) }}
    from promised
    cross join newest_day
    cross join thresholds
    inner join model_outcomes on promised.model_id = model_outcomes.model_id
    left join counted
        on
        promised.model_id = counted.model_id
        and promised.kind = counted.kind
        and promised.name = counted.name

),

compared as (

    select
        *,
        lead(promise_high) over below as next_high,
        lead(promise_low) over below as next_low
    from rates
    window below as (partition by model_id, kind, neighbours order by place desc)

)

select
    compared.as_of_date,
    compared.model_id,
    compared.kind,
    compared.name,
    cast(compared.place as {{ dbt.type_bigint() }}) as place,
    compared.outcome_key,
    cast(compared.horizon_days as {{ dbt.type_bigint() }}) as horizon_days,
    cast(compared.leads as {{ dbt.type_bigint() }}) as leads,
    cast(compared.leads_of_history as {{ dbt.type_bigint() }}) as leads_of_history,
    cast(compared.outcomes as {{ dbt.type_bigint() }}) as outcomes,
    compared.promise_rate as rate,
    compared.promise_low as low,
    compared.promise_high as high,
    compared.promise_low > compared.next_high or compared.promise_high < compared.next_low
        as told_apart_from_next,
    latest_checks.promised_on,
    latest_checks.promised_by,
    latest_checks.promised_rate,
    latest_checks.promised_low,
    latest_checks.promised_high,
    latest_checks.counted_by,
    latest_checks.came_rate,
    latest_checks.came_low,
    latest_checks.came_high,
    latest_checks.kept
from compared
left join latest_checks
    on
    compared.model_id = latest_checks.model_id
    and compared.kind = latest_checks.kind
    and compared.name = latest_checks.name
