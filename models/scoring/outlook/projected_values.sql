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

days as (

    select age as day from {{ ref('ages') }}
    where age <= {{ var('outlook_days') }}

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

)

select * from {{ ref('projected_recency') }}
union all
select * from {{ ref('projected_counts') }}
union all
-- What is a day more with each day.
select
    ages.lead_no,
    days.day as from_day,
    days.day + 1 as until_day,
    ages.attribute,
    {{ as_text('cast(ages.value as integer) + days.day') }} as value
from ages
cross join days
where ages.value <> ''
union all
-- What never happened does not grow old.
select
    lead_no,
    0 as from_day,
    {{ var('outlook_days') }} + 1 as until_day,
    attribute,
    value
from ages
where value = ''
