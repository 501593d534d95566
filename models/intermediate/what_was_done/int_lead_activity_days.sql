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

-- What counts of a table stands beside those who did it, so that the many rows are looked at once.
feeds_as_of as (

    select
        feeds.as_of_date,
        feeds.table_name,
        feeds.counts_from as first_day,
        feeds.counts_until as last_day,
        as_of_dates.known_until
    from feeds
    inner join as_of_dates on feeds.as_of_date = as_of_dates.as_of_date

),

people_of_feed as (

    select
        people.lead_key,
        people.person_lead_no as lead_no,
        feeds_as_of.*
    from people
    inner join feeds_as_of on people.as_of_date = feeds_as_of.as_of_date
    where feeds_as_of.table_name = 'crm.activities'

),

addresses_of_feed as (

    select
        addresses.email_key,
        addresses.lead_no,
        feeds_as_of.*
    from addresses
    inner join feeds_as_of on addresses.as_of_date = feeds_as_of.as_of_date

),

visitors_of_feed as (

    select
        visitors.visitor_key,
        visitors.lead_no,
        feeds_as_of.as_of_date,
        greatest(visitors.counts_from, feeds_as_of.first_day) as first_day,
        feeds_as_of.last_day,
        feeds_as_of.known_until
    from visitors
    inner join feeds_as_of on visitors.as_of_date = feeds_as_of.as_of_date
    where feeds_as_of.table_name = 'web.events'

),

-- The lead that the row itself names, else the one its own address names, else its visitor's.
lead_days as (

    select
        people.as_of_date,
        people.lead_no,
        people.last_day,
        event_days.kind_key,
        event_days.occurred_on,
        event_days.seen_count,
        event_days.event_count
    from crm_event_days as event_days
    inner join people_of_feed as people
        on
        event_days.lead_key = people.lead_key
        and event_days.occurred_on between people.first_day and people.last_day
        and event_days.known_on <= people.known_until
    union all
    select
        addresses.as_of_date,
        addresses.lead_no,
        addresses.last_day,
        event_days.kind_key,
        event_days.occurred_on,
        event_days.seen_count,
        event_days.event_count
    from email_event_days as event_days
    inner join addresses_of_feed as addresses
        on
        event_days.email_key = addresses.email_key
        and event_days.occurred_on between addresses.first_day and addresses.last_day
        and event_days.known_on <= addresses.known_until
    where addresses.table_name = 'email.events'
    union all
    select
        addresses.as_of_date,
        addresses.lead_no,
        addresses.last_day,
        event_days.kind_key,
        event_days.occurred_on,
        event_days.seen_count,
        event_days.event_count
    from web_event_days as event_days
    inner join addresses_of_feed as addresses
        on
        event_days.email_key = addresses.email_key
        and event_days.occurred_on between addresses.first_day and addresses.last_day
        and event_days.known_on <= addresses.known_until
    where addresses.table_name = 'web.events'
    union all
    select
        visitors.as_of_date,
        visitors.lead_no,
        visitors.last_day,
        event_days.kind_key,
        event_days.occurred_on,
        event_days.seen_count,
        event_days.event_count
    from web_event_days as event_days
    inner join visitors_of_feed as visitors
        on
        event_days.visitor_key = visitors.visitor_key
        and event_days.occurred_on between visitors.first_day and visitors.last_day
        and event_days.known_on <= visitors.known_until
    left join addresses
        on
        visitors.as_of_date = addresses.as_of_date
        and event_days.email_key = addresses.email_key
    where addresses.lead_no is null

)

-- An age stands still while the feed is stale; how long ago something happened does not.
select
    lead_days.as_of_date,
    lead_days.lead_no,
    kinds.activity_no,
    {{ days_between('lead_days.occurred_on', 'lead_days.as_of_date') }} as days_ago,
    min({{ days_between('lead_days.occurred_on', 'lead_days.last_day') }}) as age,
    cast(sum(lead_days.seen_count) as integer) as seen_count,
    cast(sum(lead_days.event_count) as integer) as event_count,
    cast(
        sum(case when kinds.is_first_activity then lead_days.event_count else 0 end)
        as integer
    ) as distinct_event_count
from lead_days
inner join event_kind_activities as kinds
    on lead_days.as_of_date = kinds.as_of_date and lead_days.kind_key = kinds.kind_key
group by
    lead_days.as_of_date, lead_days.lead_no, kinds.activity_no, lead_days.occurred_on
