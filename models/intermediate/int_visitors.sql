with

web_events as (

    select * from {{ ref('stg_web__events') }}

),

addresses as (

    select * from {{ ref('int_lead_addresses') }}

),

identifications as (

    select
        addresses.as_of_date,
        web_events.visitor_id,
        addresses.lead_id,
        min(cast(web_events.occurred_at as date)) over (
            partition by addresses.as_of_date, web_events.visitor_id
        ) as first_identified_on,
        row_number() over (
            partition by addresses.as_of_date, web_events.visitor_id
            order by web_events.occurred_at desc, web_events.event_id desc
        ) as recency
    from web_events
    inner join addresses
        on web_events.email = addresses.email
        and cast(web_events.occurred_at as date) <= addresses.as_of_date
    where web_events.visitor_id is not null

),

visitors as (

    select
        as_of_date,
        visitor_id,
        lead_id,
        cast({{ dbt.dateadd('day', -var('visitor_lookback_days'), 'first_identified_on') }} as date)
            as counts_from
    from identifications
    where recency = 1

)

select * from visitors
