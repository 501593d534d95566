with

newest_day as (

    select max(as_of_date) as as_of_date from {{ ref('int_as_of_dates') }}

),

thresholds as (

    select * from {{ ref('thresholds') }}

),

cohort_counts as (

    select cohort_counts.*
    from {{ ref('cohort_counts') }} as cohort_counts
    inner join newest_day on cohort_counts.came_by <= newest_day.as_of_date

),

published_promises as (

    select * from {{ source('tiering', 'published_promises') }}
    where rate is not null

),

-- What stood published on the day, about the outcome that the rule book has today.
published as (

    select
        cohort_counts.model_id,
        cohort_counts.kind,
        cohort_counts.name,
        cohort_counts.as_of_date,
        published_promises.rate,
        published_promises.low,
        published_promises.high,
        row_number() over (
            partition by
                cohort_counts.model_id, cohort_counts.kind, cohort_counts.name,
                cohort_counts.as_of_date
            order by published_promises.as_of_date desc
        ) as recency
    from cohort_counts
    inner join published_promises
        on
        cohort_counts.model_id = published_promises.model_id
        and cohort_counts.kind = published_promises.kind
        and cohort_counts.name = published_promises.name
        and cohort_counts.outcome_key = published_promises.outcome_key
        and cohort_counts.as_of_date >= published_promises.as_of_date

),

-- Where nothing was: what could have been, by the days whose horizon had ended by then.
past_days as (

    select
        cohort_counts.model_id,
        cohort_counts.kind,
        cohort_counts.name,
        cohort_counts.as_of_date,
        sum(earlier.leads) as leads,
        sum(earlier.outcomes) as outcomes
    from cohort_counts
    inner join cohort_counts as earlier
        on
        cohort_counts.model_id = earlier.model_id
        and cohort_counts.kind = earlier.kind
        and cohort_counts.name = earlier.name
        and cohort_counts.as_of_date >= earlier.came_by
    group by
        cohort_counts.model_id, cohort_counts.kind, cohort_counts.name, cohort_counts.as_of_date

),

enough as (

    select
        cohort_counts.*,
        past_days.outcomes as outcomes_then,
        case
            when past_days.leads >= thresholds.promise_leads_needed then past_days.leads
        end as leads_then,
        case
            when cohort_counts.leads >= thresholds.promise_leads_needed then cohort_counts.leads
        end as leads_counted
    from cohort_counts
    cross join thresholds
    left join past_days
        on
        cohort_counts.model_id = past_days.model_id
        and cohort_counts.kind = past_days.kind
        and cohort_counts.name = past_days.name
        and cohort_counts.as_of_date = past_days.as_of_date

),

rates as (

    select
        *,
        {{ share_with_interval('outcomes_then', 'leads_then', 'then') }},
        {{ share_with_interval('outcomes', 'leads_counted', 'came') }}
    from enough

),

held as (

    select
        rates.*,
        case
            when published.rate is not null then 'publication'
            when rates.then_rate is not null then 'past_days'
        end as promised_by,
        coalesce(published.rate, rates.then_rate) as promised_rate,
        case when published.rate is not null then published.low else rates.then_low end
            as promised_low,
        case when published.rate is not null then published.high else rates.then_high end
            as promised_high
    from rates
    left join published
        on
        rates.model_id = published.model_id
        and rates.kind = published.kind
        and rates.name = published.name
        and rates.as_of_date = published.as_of_date
        and published.recency = 1

)

select
    newest_day.as_of_date,
    held.model_id,
    held.kind,
    held.name,
    held.as_of_date as promised_on,
    held.came_by,
    held.counted_by,
    cast(held.leads as {{ dbt.type_bigint() }}) as leads,
    cast(held.outcomes as {{ dbt.type_bigint() }}) as outcomes,
    held.promised_by,
    held.promised_rate,
    held.promised_low,
    held.promised_high,
    held.came_rate,
    held.came_low,
    held.came_high,
    -- Both are shares of few leads: broken where the two intervals lie apart.
    held.came_high >= held.promised_low and held.came_low <= held.promised_high as kept
from held
cross join newest_day
