{{ config(materialized='view') }}

with

-- From the raw table itself: of the whole past few rows are theirs, and no other is looked at.
checked_rows as (

    {{ read_checked_rows(source('web', 'events'), among=[
        'visitor_id', 'select visitor_id from ' ~ ref('int_named_visitors') ~ ' where is_new'
    ]) }}

)

-- The columns of stg_web__events, in its order.
select
    event_id,
    visitor_id,
    lower(email) as email,
    event_type,
    url,
    search_term,
    referrer,
    user_agent,
    occurred_at,
    _loaded_at,
    occurred_on
from checked_rows
where quarantine_reason is null
