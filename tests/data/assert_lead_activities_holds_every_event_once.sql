{{ config(meta={'dagster': {'ref': {'name': 'lead_activities'}}}) }}
-- A failing row: the view loses or repeats events of int_lead_activity_days, or leaves its text
-- empty.
with

shown as (

    select
        coalesce(sum(seen_count), 0) as seen_shown,
        coalesce(sum(event_count), 0) as events_shown,
        count(
            case
                when
                    as_of_date is null or lead_id is null or activity is null
                    or seen_count is null or event_count is null
                    then 1
            end
        ) as rows_incomplete
    from {{ ref('lead_activities') }}

),

facts as (

    select
        coalesce(sum(seen_count), 0) as seen_there,
        coalesce(sum(event_count), 0) as events_there
    from {{ ref('int_lead_activity_days') }}

)

select
    shown.seen_shown,
    shown.events_shown,
    shown.rows_incomplete,
    facts.seen_there,
    facts.events_there
from shown
cross join facts
where
    shown.seen_shown <> facts.seen_there
    or shown.events_shown <> facts.events_there
    or shown.rows_incomplete > 0
