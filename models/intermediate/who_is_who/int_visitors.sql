with

identifications as (

    select * from {{ ref('int_visitor_identifications') }}

),

addresses as (

    select * from {{ ref('int_lead_addresses') }}

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

feeds as (

    select * from {{ ref('int_feeds') }}
    where table_name = 'web.events'

),

identifications_as_of as (

    select
        as_of_dates.as_of_date,
        identifications.visitor_key,
        addresses.lead_no,
        min(identifications.occurred_on) over (
            partition by as_of_dates.as_of_date, identifications.visitor_key
        ) as first_identified_on,
        row_number() over (
            partition by as_of_dates.as_of_date, identifications.visitor_key
            order by identifications.occurred_at desc, identifications.event_id desc
        ) as recency
    from identifications
    inner join as_of_dates
        on
        identifications.known_on <= as_of_dates.known_until
    inner join feeds
        on
        as_of_dates.as_of_date = feeds.as_of_date
        and identifications.occurred_on between feeds.counts_from and feeds.counts_until
    inner join addresses
        on
        as_of_dates.as_of_date = addresses.as_of_date
        and identifications.email_key = addresses.email_key

),

visitors as (

    select
        as_of_date,
        visitor_key,
        lead_no,
        cast({{ dbt.dateadd('day', -var('visitor_lookback_days'), 'first_identified_on') }} as date)
            as counts_from
    from identifications_as_of
    where recency = 1

)

select * from visitors
