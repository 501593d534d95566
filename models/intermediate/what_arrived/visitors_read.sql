-- Written when every day of these visitors has been folded:
-- depends_on: {{ ref('int_web_event_days') }}
with

named_visitors as (

    select * from {{ ref('int_named_visitors') }}

)

select
    visitor_key,
    read_from
from named_visitors
