with

cohort_counts as (

    select * from {{ ref('cohort_counts') }}

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

known as (

    select cohort_counts.*
    from cohort_counts
    inner join newest_day on cohort_counts.came_by <= newest_day.as_of_date

),

latest as (

    select
        model_id,
        max(as_of_date) as as_of_date
    from known
    group by model_id

),

-- Now by all that has come, and what was promised when the latest of them began: by what had come
-- until then.
counted as (

    select
        known.model_id,
        known.kind,
        known.name,
        sum(known.leads) as leads,
        sum(known.outcomes) as outcomes,
        sum(case when known.came_by <= latest.as_of_date then known.leads end) as leads_then,
        sum(case when known.came_by <= latest.as_of_date then known.outcomes end) as outcomes_then,
        sum(case when known.as_of_date = latest.as_of_date then known.leads end) as leads_since,
        sum(case when known.as_of_date = latest.as_of_date then known.outcomes end)
            as outcomes_since
    from known
    inner join latest on known.model_id = latest.model_id
    group by known.model_id, known.kind, known.name

),

enough as (

    select
        newest_day.as_of_date,
        promised.model_id,
        promised.kind,
        promised.name,
        promised.place,
        promised.neighbours,
        model_outcomes.horizon_days,
        latest.as_of_date as promised_on,
        coalesce(counted.leads, 0) as leads,
        coalesce(counted.outcomes, 0) as outcomes,
        coalesce(counted.leads, 0) >= thresholds.promise_leads_needed as is_enough,
        case when counted.leads_then >= thresholds.promise_leads_needed then counted.leads_then end
            as leads_then,
        counted.outcomes_then,
        case
            when counted.leads_since >= thresholds.promise_leads_needed then counted.leads_since
        end as leads_since,
        counted.outcomes_since
    from promised
    cross join newest_day
    cross join thresholds
    inner join model_outcomes on promised.model_id = model_outcomes.model_id
    left join latest on promised.model_id = latest.model_id
    left join counted
        on
        promised.model_id = counted.model_id
        and promised.kind = counted.kind
        and promised.name = counted.name

),

rates as (

    select
        *,
        {{ share_with_interval('outcomes', 'case when is_enough then leads end', 'promise') }},
        {{ share_with_interval('outcomes_then', 'leads_then', 'promised') }},
        {{ share_with_interval('outcomes_since', 'leads_since', 'came') }}
    from enough

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
    as_of_date,
    model_id,
    kind,
    name,
    cast(place as {{ dbt.type_bigint() }}) as place,
    cast(horizon_days as {{ dbt.type_bigint() }}) as horizon_days,
    cast(leads as {{ dbt.type_bigint() }}) as leads,
    cast(outcomes as {{ dbt.type_bigint() }}) as outcomes,
    promise_rate as rate,
    promise_low as low,
    promise_high as high,
    promise_low > next_high or promise_high < next_low as told_apart_from_next,
    case when promised_rate is not null and came_rate is not null then promised_on end
        as promised_on,
    promised_rate,
    promised_low,
    promised_high,
    came_rate,
    came_low,
    came_high,
    -- Both are shares of few leads: broken where the two intervals lie apart.
    came_high >= promised_low and came_low <= promised_high as kept
from compared
