with

email_events as (

    select * from {{ ref('stg_email__events') }}

),

machine_limits as (

    select * from {{ ref('machine_limits') }}

),

-- One mail is one campaign's mail to one address.
clicks as (

    select
        event_id,
        email,
        campaign_id,
        url,
        occurred_at
    from email_events
    where event_type = 'click' and campaign_id is not null

),

deliveries as (

    select
        email,
        campaign_id,
        occurred_at
    from email_events
    where event_type = 'delivered' and campaign_id is not null

),

clicks_with_others as (

    select clicks.event_id
    from clicks
    cross join machine_limits
    inner join clicks as others
        on
        clicks.email = others.email
        and clicks.campaign_id = others.campaign_id
        and clicks.url <> others.url
        -- On one day: what comes after a day must not change what that day's clicks are.
        and cast(clicks.occurred_at as date) = cast(others.occurred_at as date)
        and others.occurred_at <= {{ dbt.dateadd(
                'second', 'machine_limits.links_of_one_mail_seconds', 'clicks.occurred_at'
            ) }}
        and clicks.occurred_at <= {{ dbt.dateadd(
                'second', 'machine_limits.links_of_one_mail_seconds', 'others.occurred_at'
            ) }}

),

clicks_on_arrival as (

    select clicks.event_id
    from clicks
    cross join machine_limits
    inner join deliveries
        on
        clicks.email = deliveries.email
        and clicks.campaign_id = deliveries.campaign_id
        and clicks.occurred_at >= deliveries.occurred_at
        and clicks.occurred_at <= {{ dbt.dateadd(
                'second', 'machine_limits.click_after_delivery_seconds', 'deliveries.occurred_at'
            ) }}

),

scanner_clicks as (

    select event_id from clicks_with_others
    union
    select event_id from clicks_on_arrival

)

select * from scanner_clicks
