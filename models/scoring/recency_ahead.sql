-- What the attributes that tell how recent a lead's activities are will be on each day ahead.
with

leads as (

    select distinct
        as_of_date,
        lead_id,
        lead_key
    from {{ ref('leads_at_stake') }}

),

days_ahead as (

    select * from {{ ref('days_ahead') }}

),

lead_activity_days as (

    select * from {{ ref('int_lead_activity_days') }}

),

last_activities as (

    select
        leads.as_of_date,
        leads.lead_id,
        min({{ dbt.datediff(
            'lead_activity_days.occurred_on', 'lead_activity_days.counts_until', 'day'
        ) }}) as age_days
    from leads
    inner join lead_activity_days
        on
        leads.as_of_date = lead_activity_days.as_of_date
        and leads.lead_key = lead_activity_days.lead_key
    where lead_activity_days.event_count > 0
    group by leads.as_of_date, leads.lead_id

),

-- No window of these attributes is longer than 30 days.
recent_days as (

    select
        leads.as_of_date,
        leads.lead_id,
        lead_activity_days.occurred_on,
        lead_activity_days.counts_until,
        lead_activity_days.distinct_event_count
    from leads
    inner join lead_activity_days
        on
        leads.as_of_date = lead_activity_days.as_of_date
        and leads.lead_key = lead_activity_days.lead_key
    where
        lead_activity_days.event_count > 0
        and {{ dbt.datediff(
            'lead_activity_days.occurred_on', 'lead_activity_days.counts_until', 'day'
        ) }} < 30

),

moved as (

    select
        recent_days.as_of_date,
        recent_days.lead_id,
        recent_days.occurred_on,
        recent_days.distinct_event_count,
        days_ahead.ahead_on,
        cast(recent_days.counts_until + days_ahead.days_ahead as date) as counts_until
    from recent_days
    inner join days_ahead on recent_days.as_of_date = days_ahead.as_of_date

),

counted as (

    select
        as_of_date,
        lead_id,
        ahead_on,
        count(distinct case
            when {{ dbt.datediff('occurred_on', 'counts_until', 'day') }} < 30 then occurred_on
        end) as active_days_30,
        {{ activity_surge('distinct_event_count', 'occurred_on', 'counts_until') }}
            as activity_surge
    from moved
    group by as_of_date, lead_id, ahead_on

),

recency_ahead as (

    select
        leads.as_of_date,
        leads.lead_id,
        days_ahead.ahead_on,
        last_activities.age_days + days_ahead.days_ahead as days_since_last_activity,
        coalesce(counted.active_days_30, 0) as active_days_30,
        counted.activity_surge,
        {{ activity_state('counted.active_days_30', 'last_activities.age_days') }}
            as activity_state
    from leads
    inner join days_ahead on leads.as_of_date = days_ahead.as_of_date
    left join last_activities
        on leads.as_of_date = last_activities.as_of_date and leads.lead_id = last_activities.lead_id
    left join counted
        on
        leads.as_of_date = counted.as_of_date
        and leads.lead_id = counted.lead_id
        and days_ahead.ahead_on = counted.ahead_on

),

stacked as (

    {{ stack_recency('recency_ahead') }}

)

select * from stacked
