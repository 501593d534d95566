with

candidates as (

    select distinct
        as_of_date,
        lead_no
    from {{ ref('outlook_candidates') }}

),

lead_values as (

    select * from {{ ref('lead_values') }}

),

named_attributes as (

    select * from {{ ref('named_attributes') }}
    where written_attribute in ('{{ attributes_that_grow() | join("', '") }}')

),

attribute_values as (

    select * from {{ ref('attribute_values') }}

),

ages as (

    select
        candidates.lead_no,
        named_attributes.attribute,
        attribute_values.value
    from candidates
    inner join lead_values
        on
        candidates.as_of_date = lead_values.as_of_date
        and candidates.lead_no = lead_values.lead_no
    inner join named_attributes on lead_values.attribute_no = named_attributes.attribute_no
    inner join attribute_values on lead_values.value_no = attribute_values.value_no

),

turning_points as (

    select * from {{ ref('attribute_turning_points') }}

),

-- The days on which something that is asked of them may be answered otherwise.
change_days as (

    select
        lead_no,
        attribute,
        value,
        0 as from_day
    from ages
    union
    select
        ages.lead_no,
        ages.attribute,
        ages.value,
        turning_points.turning_point - cast(ages.value as integer) as from_day
    from ages
    inner join turning_points on ages.attribute = turning_points.attribute
    where ages.value <> ''

),

spans as (

    select
        *,
        lead(from_day, 1, {{ var('outlook_days') }} + 1) over (
            partition by lead_no, attribute order by from_day
        ) as until_day
    from change_days
    where from_day between 0 and {{ var('outlook_days') }}

)

select * from {{ ref('projected_recency') }}
union all
select * from {{ ref('projected_counts') }}
union all
-- What is a day more with each day; what never happened does not grow old.
select
    lead_no,
    from_day,
    until_day,
    attribute,
    case
        when value = '' then value
        else {{ as_text('cast(value as integer) + from_day') }}
    end as value
from spans
