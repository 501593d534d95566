with

actor_activity_days as (

    select * from {{ ref('int_actor_activity_days') }}

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
attributed as (

    select
        people.as_of_date,
        people.person_lead_id as lead_id,
        actor_activity_days.activity,
        actor_activity_days.named_product,
        actor_activity_days.occurred_on,
        actor_activity_days.seen_count,
        actor_activity_days.event_count,
        actor_activity_days.distinct_event_count
    from actor_activity_days
    inner join people on actor_activity_days.lead_id = people.lead_id
    union all
    select
        addresses.as_of_date,
        addresses.lead_id,
        actor_activity_days.activity,
        actor_activity_days.named_product,
        actor_activity_days.occurred_on,
        actor_activity_days.seen_count,
        actor_activity_days.event_count,
        actor_activity_days.distinct_event_count
    from actor_activity_days
    inner join addresses on actor_activity_days.email = addresses.email
    union all
    select
        visitors.as_of_date,
        visitors.lead_id,
        actor_activity_days.activity,
        actor_activity_days.named_product,
        actor_activity_days.occurred_on,
        actor_activity_days.seen_count,
        actor_activity_days.event_count,
        actor_activity_days.distinct_event_count
    from actor_activity_days
    inner join visitors on actor_activity_days.visitor_id = visitors.visitor_id
    left join addresses
        on
        visitors.as_of_date = addresses.as_of_date
        and actor_activity_days.email = addresses.email
    where
        addresses.lead_id is null
        and actor_activity_days.occurred_on >= visitors.counts_from

),

lead_activity_days as (

    select
        as_of_date,
        lead_id,
        activity,
        named_product,
        occurred_on,
        sum(seen_count) as seen_count,
        sum(event_count) as event_count,
        sum(distinct_event_count) as distinct_event_count
    from attributed
    where occurred_on <= as_of_date
    group by as_of_date, lead_id, activity, named_product, occurred_on

)

select * from lead_activity_days
