with

candidates as (

    select distinct
        as_of_date,
        lead_no
    from {{ ref('outlook_candidates') }}

),

lead_activity_days as (

    select * from {{ ref('int_lead_activity_days') }}
    where event_count > 0

),

lead_recency as (

    select * from {{ ref('int_lead_recency') }}

),

rule_operands as (

    select distinct attribute from {{ ref('rule_operands') }}

),

days as (

    select age as day from {{ ref('ages') }}
    where age <= {{ var('outlook_days') }}

),

recent_days as (

    select
        candidates.lead_no,
        lead_activity_days.days_ago,
        lead_activity_days.age,
        sum(lead_activity_days.distinct_event_count) as events
    from candidates
    inner join lead_activity_days
        on
        candidates.as_of_date = lead_activity_days.as_of_date
        and candidates.lead_no = lead_activity_days.lead_no
    where lead_activity_days.age < {{ active_window() }}
    group by candidates.lead_no, lead_activity_days.days_ago, lead_activity_days.age

),

active_days as (

    select
        lead_no,
        min(age) as age
    from recent_days
    group by lead_no, days_ago

),

-- When a day falls out of a window, by how much the counts change.
changes as (

    select
        lead_no,
        0 as changes_on,
        0 as active_days,
        0 as events_of_week,
        0 as events_of_weeks_before
    from candidates
    union all
    select
        lead_no,
        0 as changes_on,
        1 as active_days,
        0 as events_of_week,
        0 as events_of_weeks_before
    from active_days
    union all
    select
        lead_no,
        {{ active_window() }} - age as changes_on,
        -1 as active_days,
        0 as events_of_week,
        0 as events_of_weeks_before
    from active_days
    union all
    select
        lead_no,
        0 as changes_on,
        0 as active_days,
        case when age < {{ surge_week() }} then events else 0 end as events_of_week,
        case
            when age >= {{ surge_week() }} and age < 4 * {{ surge_week() }} then events else 0
        end as events_of_weeks_before
    from recent_days
    union all
    select
        lead_no,
        {{ surge_week() }} - age as changes_on,
        0 as active_days,
        -events as events_of_week,
        events as events_of_weeks_before
    from recent_days
    where age < {{ surge_week() }}
    union all
    select
        lead_no,
        4 * {{ surge_week() }} - age as changes_on,
        0 as active_days,
        0 as events_of_week,
        -events as events_of_weeks_before
    from recent_days
    where age < 4 * {{ surge_week() }}

),

summed as (

    select
        lead_no,
        changes_on,
        sum(active_days) as active_days,
        sum(events_of_week) as events_of_week,
        sum(events_of_weeks_before) as events_of_weeks_before
    from changes
    where changes_on <= {{ var('outlook_days') }}
    group by lead_no, changes_on

),

counted as (

    select
        lead_no,
        changes_on as from_day,
        lead(changes_on, 1, {{ var('outlook_days') }} + 1) over (
            partition by lead_no order by changes_on
        ) as until_day,
        sum(active_days) over (
            partition by lead_no order by changes_on
            rows between unbounded preceding and current row
        ) as active_days_30,
        sum(events_of_week) over (
            partition by lead_no order by changes_on
            rows between unbounded preceding and current row
        ) as events_of_week,
        sum(events_of_weeks_before) over (
            partition by lead_no order by changes_on
            rows between unbounded preceding and current row
        ) as events_of_weeks_before
    from summed

),

stacked as (

    select
        lead_no,
        from_day,
        until_day,
        'active_days_30' as attribute,
        cast(cast(active_days_30 as {{ dbt.type_bigint() }}) as {{ dbt.type_string() }}) as value
    from counted
    union all
    select
        lead_no,
        from_day,
        until_day,
        'activity_surge' as attribute,
        cast(
            {{ activity_surge('events_of_week', 'events_of_weeks_before') }}
            as {{ dbt.type_string() }}
        ) as value
    from counted
    union all
    select
        counted.lead_no,
        counted.from_day,
        counted.until_day,
        'activity_state' as attribute,
        {{ activity_state('counted.active_days_30', 'lead_recency.days_since_last_activity') }}
            as value
    from counted
    inner join candidates on counted.lead_no = candidates.lead_no
    left join lead_recency
        on
        candidates.as_of_date = lead_recency.as_of_date
        and candidates.lead_no = lead_recency.lead_no
    union all
    select
        candidates.lead_no,
        days.day as from_day,
        days.day + 1 as until_day,
        'days_since_last_activity' as attribute,
        cast(lead_recency.days_since_last_activity + days.day as {{ dbt.type_string() }}) as value
    from candidates
    left join lead_recency
        on
        candidates.as_of_date = lead_recency.as_of_date
        and candidates.lead_no = lead_recency.lead_no
    cross join days

)

select
    stacked.lead_no,
    stacked.from_day,
    stacked.until_day,
    stacked.attribute,
    coalesce(stacked.value, '') as value
from stacked
inner join rule_operands on stacked.attribute = rule_operands.attribute
