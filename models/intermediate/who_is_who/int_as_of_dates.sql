with

as_of_dates as (

    {{ stack_as_of_dates() }}

),

asked_for as (

    select max_age_days as age from {{ ref('rules') }}
    where kind in ('activity', 'sequence')
    union all
    select cast({{ read_number('within_days') }} as integer) as age
    from {{ ref('rule_book_rows') }}
    where file_name = 'activity_attributes'

),

-- A rule or attribute without an age counts whatever is kept; a sequence has none.
longest as (

    select
        least(
            coalesce(
                max(coalesce(age, {{ var('events_kept_days') }})), {{ var('events_kept_days') }}
            ),
            {{ var('events_kept_days') }}
        ) as age
    from asked_for

)

select
    as_of_dates.as_of_date,
    as_of_dates.known_until,
    cast(as_of_dates.as_of_date - cast(longest.age as integer) as date) as counts_from,
    {{ rules_sha256() }} as rules_sha256
from as_of_dates
cross join longest
