with

rules as (

    select * from {{ ref('rules') }}
    where kind in ('activity', 'sequence')

)

-- A rule without an age counts whatever is kept; a sequence has none.
select
    least(
        coalesce(
            max(coalesce(max_age_days, {{ var('events_kept_days') }})),
            {{ var('events_kept_days') }}
        ),
        {{ var('events_kept_days') }}
    ) as horizon_days
from rules
