-- depends_on: {{ ref('rule_book_problems') }}
with

definitions as (

    select * from {{ ref('activity_definitions') }}

)

select distinct
    channel,
    coalesce(lower(event_type), '') as event_type
from definitions
