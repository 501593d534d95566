{{ config(materialized='view') }}

with

-- From the raw table itself: of the whole past few rows are theirs, and no other is looked at.
checked_rows as (

    {{ read_checked_rows(source('web', 'events'), among=[
        'visitor_id', 'select visitor_id from ' ~ ref('int_named_visitors') ~ ' where is_new'
    ]) }}

)

select
    {{ web_event_columns() }}
from checked_rows
where quarantine_reason is null
