with

events as (

    select * from {{ ref('int_events') }}

),

event_kind_activities as (

    select * from {{ ref('int_event_kind_activities') }}

),

actor_activity_days as (

    select
        events.lead_id,
        events.email,
        events.visitor_id,
        event_kind_activities.activity,
        event_kind_activities.named_product,
        cast(events.occurred_at as date) as occurred_on,
        count(*) as seen_count,
        count(*) - count(events.machine_reason) as event_count,
        count(case
            when events.machine_reason is null and event_kind_activities.is_first_activity then 1
        end) as distinct_event_count
    from events
    inner join event_kind_activities
        on events.channel = event_kind_activities.channel
        and events.event_type = event_kind_activities.event_type
        and events.url_path = event_kind_activities.url_path
        and events.search_term = event_kind_activities.search_term
        and events.topic = event_kind_activities.topic
        and events.campaign_name = event_kind_activities.campaign_name
        and events.product = event_kind_activities.product
        and events.subject = event_kind_activities.subject
    group by
        events.lead_id, events.email, events.visitor_id, event_kind_activities.activity,
        event_kind_activities.named_product, cast(events.occurred_at as date)

)

select * from actor_activity_days
