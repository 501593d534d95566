with

lead_activity_days as (

    select * from {{ ref('int_lead_activity_days') }}

),

lead_recency as (

    select
        as_of_date,
        lead_key,
        max(occurred_on) as last_activity_on,
        min({{ dbt.datediff('occurred_on', 'counts_until', 'day') }}) as days_since_last_activity,
        count(distinct case
            when {{ dbt.datediff('occurred_on', 'counts_until', 'day') }} < 30 then occurred_on
        end) as active_days_30,
        {{ activity_surge('distinct_event_count', 'occurred_on', 'counts_until') }}
            as activity_surge
    from lead_activity_days
    where event_count > 0
    group by as_of_date, lead_key

)

select * from lead_recency
