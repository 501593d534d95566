with

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

feeds as (

    select * from {{ ref('int_feeds') }}

),

crm_event_days as (

    select * from {{ ref('int_crm_event_days') }}

),

email_event_days as (

    select * from {{ ref('int_email_event_days') }}

),

web_event_days as (

    select * from {{ ref('int_web_event_days') }}

),

event_kind_activities as (

    select * from {{ ref('int_event_kind_activities') }}

),

people as (

    select * from {{ ref('int_people') }}

),

addresses as (

    select * from {{ ref('int_lead_addresses') }}

),

visitors as (

    select * from {{ ref('int_visitors') }}

),

-- The lead that the row itself names, else the one its own address names, else its visitor's.
lead_event_days as (

    select
        people.as_of_date,
        people.person_lead_no as lead_no,
        event_days.table_name,
        event_days.kind_key,
        event_days.occurred_on,
        event_days.known_on,
        event_days.seen_count,
        event_days.event_count
    from crm_event_days as event_days
    inner join people on event_days.lead_key = people.lead_key
    union all
    select
        addresses.as_of_date,
        addresses.lead_no,
        event_days.table_name,
        event_days.kind_key,
        event_days.occurred_on,
        event_days.known_on,
        event_days.seen_count,
        event_days.event_count
    from email_event_days as event_days
    inner join addresses on event_days.email_key = addresses.email_key
    union all
    select
        addresses.as_of_date,
        addresses.lead_no,
        event_days.table_name,
        event_days.kind_key,
        event_days.occurred_on,
        event_days.known_on,
        event_days.seen_count,
        event_days.event_count
    from web_event_days as event_days
    inner join addresses on event_days.email_key = addresses.email_key
    union all
    select
        visitors.as_of_date,
        visitors.lead_no,
        event_days.table_name,
        event_days.kind_key,
        event_days.occurred_on,
        event_days.known_on,
        event_days.seen_count,
        event_days.event_count
    from web_event_days as event_days
    inner join visitors
        on
        event_days.visitor_key = visitors.visitor_key
        and event_days.occurred_on >= visitors.counts_from
    left join addresses
        on
        visitors.as_of_date = addresses.as_of_date
        and event_days.email_key = addresses.email_key
    where addresses.lead_no is null

),

lead_activity_days as (

    select
        lead_event_days.as_of_date,
        lead_event_days.lead_no,
        event_kind_activities.activity_no,
        lead_event_days.occurred_on,
        min(feeds.counts_until) as counts_until,
        sum(lead_event_days.seen_count) as seen_count,
        sum(lead_event_days.event_count) as event_count,
        sum(
            case when event_kind_activities.is_first_activity then lead_event_days.event_count end
        ) as distinct_event_count
    from lead_event_days
    inner join as_of_dates
        on
        lead_event_days.as_of_date = as_of_dates.as_of_date
        and lead_event_days.known_on <= as_of_dates.known_until
    inner join feeds
        on
        lead_event_days.as_of_date = feeds.as_of_date
        and lead_event_days.table_name = feeds.table_name
        and lead_event_days.occurred_on between feeds.counts_from and feeds.counts_until
    inner join event_kind_activities
        on
        lead_event_days.as_of_date = event_kind_activities.as_of_date
        and lead_event_days.kind_key = event_kind_activities.kind_key
    group by
        lead_event_days.as_of_date, lead_event_days.lead_no, event_kind_activities.activity_no,
        lead_event_days.occurred_on

)

-- An age stands still while the feed is stale; how long ago something happened does not.
select
    as_of_date,
    lead_no,
    activity_no,
    {{ days_between('occurred_on', 'as_of_date') }} as days_ago,
    {{ days_between('occurred_on', 'counts_until') }} as age,
    cast(seen_count as integer) as seen_count,
    cast(event_count as integer) as event_count,
    cast(coalesce(distinct_event_count, 0) as integer) as distinct_event_count
from lead_activity_days
