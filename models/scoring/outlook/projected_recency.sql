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

attribute_tests as (

    select distinct attribute from {{ ref('attribute_tests') }}

),

recent_days as (

    select
        candidates.lead_no,
        lead_activity_days.days_ago,
        lead_activity_days.age,
        sum(lead_activity_days.distinct_event_count) as distinct_event_count
    from candidates
    inner join lead_activity_days
        on
        candidates.as_of_date = lead_activity_days.as_of_date
        and candidates.lead_no = lead_activity_days.lead_no
    where lead_activity_days.age < {{ active_window() }}
    group by candidates.lead_no, lead_activity_days.days_ago, lead_activity_days.age

),

-- Counts change on the days on which an activity day falls out of a window.
change_days as (

    select
        lead_no,
        0 as from_day
    from candidates
    union
    select
        lead_no,
        {{ active_window() }} - age as from_day
    from recent_days
    union
    select
        lead_no,
        {{ surge_week() }} - age as from_day
    from recent_days
    where age < {{ surge_week() }}
    union
    select
        lead_no,
        4 * {{ surge_week() }} - age as from_day
    from recent_days
    where age < 4 * {{ surge_week() }}

),

counted as (

    select
        change_days.lead_no,
        change_days.from_day,
        lead(change_days.from_day, 1, {{ var('outlook_days') }} + 1) over (
            partition by change_days.lead_no order by change_days.from_day
        ) as until_day,
        {{ recency_counts('recent_days.age + change_days.from_day') }}
    from change_days
    left join recent_days on change_days.lead_no = recent_days.lead_no
    where change_days.from_day <= {{ var('outlook_days') }}
    group by change_days.lead_no, change_days.from_day

),

recency_now as (

    select
        candidates.lead_no,
        lead_recency.days_since_last_activity
    from candidates
    left join lead_recency
        on
        candidates.as_of_date = lead_recency.as_of_date
        and candidates.lead_no = lead_recency.lead_no

),

spans as (

    select
        counted.lead_no,
        counted.from_day,
        counted.until_day,
        counted.active_days_30,
        {{ activity_surge('counted.events_of_week', 'counted.events_of_weeks_before') }}
            as activity_surge,
        {{ activity_state('counted.active_days_30', 'recency_now.days_since_last_activity') }}
            as activity_state
    from counted
    inner join recency_now on counted.lead_no = recency_now.lead_no

),

stacked as (

    {{ stack_columns(
        'spans', ['active_days_30', 'activity_surge', 'activity_state'], ref('attribute_tests'),
        ['lead_no', 'from_day', 'until_day']
    ) }}

)

select
    stacked.lead_no,
    stacked.from_day,
    stacked.until_day,
    stacked.attribute,
    coalesce(stacked.value, '') as value
from stacked
inner join attribute_tests on stacked.attribute = attribute_tests.attribute
