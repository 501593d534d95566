{{ config(materialized='view') }}

with

lead_activity_days as (

    select * from {{ ref('int_lead_activity_days') }}

),

activities as (

    select * from {{ ref('int_activities') }}

),

lead_numbers as (

    select * from {{ ref('int_lead_numbers') }}

),

-- The first number of an activity stands for all: it has one per product that it names.
activity_names as (

    select
        activity_no,
        activity,
        min(activity_no) over (partition by activity) as first_activity_no
    from activities

),

counted as (

    select
        lead_activity_days.as_of_date,
        lead_activity_days.lead_no,
        activity_names.first_activity_no,
        sum(lead_activity_days.seen_count) as seen_count,
        sum(lead_activity_days.event_count) as event_count,
        max(case when lead_activity_days.event_count > 0 then lead_activity_days.days_ago end)
            as first_days_ago,
        min(case when lead_activity_days.event_count > 0 then lead_activity_days.days_ago end)
            as last_days_ago
    from lead_activity_days
    inner join activity_names on lead_activity_days.activity_no = activity_names.activity_no
    group by
        lead_activity_days.as_of_date, lead_activity_days.lead_no,
        activity_names.first_activity_no
    having sum(lead_activity_days.seen_count) > 0

)

select
    counted.as_of_date,
    lead_numbers.lead_id,
    activity_names.activity,
    cast(counted.seen_count as {{ dbt.type_bigint() }}) as seen_count,
    cast(counted.event_count as {{ dbt.type_bigint() }}) as event_count,
    cast(counted.as_of_date - counted.first_days_ago as date) as first_occurred_on,
    cast(counted.as_of_date - counted.last_days_ago as date) as last_occurred_on
from counted
inner join activity_names on counted.first_activity_no = activity_names.activity_no
inner join lead_numbers on counted.lead_no = lead_numbers.lead_no
