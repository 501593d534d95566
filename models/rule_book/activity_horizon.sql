-- depends_on: {{ ref('rule_book_problems') }}
with

activity_rules as (

    select * from {{ ref('activity_rules') }}

),

sequence_rules as (

    select * from {{ ref('rules_sequence') }}

),

-- A rule without an age counts whatever is kept; a sequence has none.
ages as (

    select max_age_days from activity_rules
    union all
    select null as max_age_days from sequence_rules

)

select
    least(
        coalesce(
            max(coalesce(max_age_days, {{ var('events_kept_days') }})),
            {{ var('events_kept_days') }}
        ),
        {{ var('events_kept_days') }}
    ) as horizon_days
from ages
