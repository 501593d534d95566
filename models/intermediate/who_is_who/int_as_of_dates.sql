with

as_of_dates as (

    {{ stack_as_of_dates() }}

),

rules as (

    select * from {{ ref('rules') }}
    where kind in ('activity', 'sequence')

),

-- A rule without an age counts whatever is kept; a sequence has none.
longest as (

    select
        least(
            coalesce(
                max(coalesce(max_age_days, {{ var('events_kept_days') }})),
                {{ var('events_kept_days') }}
            ),
            {{ var('events_kept_days') }}
        ) as age
    from rules

)

select
    as_of_dates.as_of_date,
    as_of_dates.known_until,
    cast(as_of_dates.as_of_date - cast(longest.age as integer) as date) as counts_from,
    {{ rules_sha256() }} as rules_sha256
from as_of_dates
cross join longest
