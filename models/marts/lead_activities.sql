with

lead_activity_days as (

    select * from {{ ref('int_lead_activity_days') }}

),

activities as (

    select * from {{ ref('int_activities') }}

),

people as (

    select * from {{ ref('int_people') }}

),

by_key as (

    select
        as_of_date,
        lead_key,
        activity_key,
        sum(seen_count) as seen_count,
        sum(event_count) as event_count,
        min(case when event_count > 0 then occurred_on end) as first_occurred_on,
        max(case when event_count > 0 then occurred_on end) as last_occurred_on
    from lead_activity_days
    group by as_of_date, lead_key, activity_key

)

select
    by_key.as_of_date,
    people.lead_id,
    activities.activity,
    cast(sum(by_key.seen_count) as {{ dbt.type_bigint() }}) as seen_count,
    cast(sum(by_key.event_count) as {{ dbt.type_bigint() }}) as event_count,
    min(by_key.first_occurred_on) as first_occurred_on,
    max(by_key.last_occurred_on) as last_occurred_on
from by_key
inner join activities on by_key.activity_key = activities.activity_key
inner join people
    on by_key.as_of_date = people.as_of_date and by_key.lead_key = people.lead_key
where by_key.seen_count > 0
group by by_key.as_of_date, people.lead_id, activities.activity
