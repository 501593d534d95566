with

email_events as (

    select * from {{ ref('stg_email__events') }}

),

thresholds as (

    select * from {{ ref('thresholds') }}

),

-- One mail is one campaign's mail to one address.
clicks as (

    select
        event_id,
        email,
        campaign_id,
        url,
        occurred_at,
        occurred_on,
        cast(_loaded_at as date) as known_on
    from email_events
    where
        {{ is_on_changed_day('email.events') }}
        and event_type = 'click'
        and campaign_id is not null

),

deliveries as (

    select
        email,
        campaign_id,
        occurred_at,
        cast(_loaded_at as date) as known_on
    from email_events
    where
        {{ is_on_changed_day('email.events', days_before=1) }}
        and event_type = 'delivered'
        and campaign_id is not null

),

clicks_with_others as (

    select
        clicks.event_id,
        clicks.occurred_on,
        greatest(clicks.known_on, others.known_on) as known_on
    from clicks
    cross join thresholds
    inner join clicks as others
        on
        clicks.email = others.email
        and clicks.campaign_id = others.campaign_id
        -- On one day: what comes after a day must not change what that day's clicks are.
        and clicks.occurred_on = others.occurred_on
        and clicks.url <> others.url
        and clicks.event_id <> others.event_id
        and others.occurred_at <= {{ dbt.dateadd(
                'second', 'thresholds.links_of_one_mail_seconds', 'clicks.occurred_at'
            ) }}
        and clicks.occurred_at <= {{ dbt.dateadd(
                'second', 'thresholds.links_of_one_mail_seconds', 'others.occurred_at'
            ) }}

),

clicks_on_arrival as (

    select
        clicks.event_id,
        clicks.occurred_on,
        greatest(clicks.known_on, deliveries.known_on) as known_on
    from clicks
    cross join thresholds
    inner join deliveries
        on
        clicks.email = deliveries.email
        and clicks.campaign_id = deliveries.campaign_id
        and clicks.occurred_at >= deliveries.occurred_at
        and clicks.occurred_at <= {{ dbt.dateadd(
                'second', 'thresholds.click_after_delivery_seconds', 'deliveries.occurred_at'
            ) }}

),

found as (

    select * from clicks_with_others
    union all
    select * from clicks_on_arrival

)

select
    event_id,
    occurred_on,
    min(known_on) as known_on
from found
group by event_id, occurred_on
