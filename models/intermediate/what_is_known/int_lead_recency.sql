with

lead_activity_days as (

    select * from {{ ref('int_lead_activity_days') }}
    where event_count > 0

),

counted as (

    select
        as_of_date,
        lead_no,
        max(days_ago) as first_activity_days_ago,
        min(days_ago) as last_activity_days_ago,
        min(age) as days_since_last_activity,
        {{ recency_counts('age') }}
    from lead_activity_days
    group by as_of_date, lead_no

)

select
    *,
    {{ activity_surge('events_of_week', 'events_of_weeks_before') }} as activity_surge
from counted
