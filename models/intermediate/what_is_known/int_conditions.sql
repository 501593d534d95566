with

condition_levels as (

    select * from {{ ref('condition_levels') }}

),

condition_rows as (

    select * from {{ ref('condition_rows') }}

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

named_attributes as (

    select * from {{ ref('named_attributes') }}

),

attribute_values as (

    select * from {{ ref('attribute_values') }}

),

-- A row counts in its own days.
rows_as_of as (

    select
        as_of_dates.as_of_date,
        condition_rows.condition_key,
        count(*) as counted_rows
    from condition_rows
    inner join as_of_dates on {{ is_valid_on('condition_rows', 'as_of_dates.as_of_date') }}
    group by as_of_dates.as_of_date, condition_rows.condition_key

),

outcomes as (

    select
        attribute,
        max(case when value = 'true' then value_no end) as true_value_no,
        max(case when value = 'false' then value_no end) as false_value_no,
        max(case when value = '' then value_no end) as unknown_value_no
    from attribute_values
    group by attribute

)

select
    as_of_dates.as_of_date,
    condition_levels.model_no,
    named_attributes.attribute_no,
    condition_levels.condition_key,
    condition_levels.level,
    condition_levels.needs_completeness,
    coalesce(rows_as_of.counted_rows, 0) as counted_rows,
    outcomes.true_value_no,
    outcomes.false_value_no,
    outcomes.unknown_value_no
from condition_levels
cross join as_of_dates
inner join named_attributes on condition_levels.condition_key = named_attributes.attribute
inner join outcomes on condition_levels.condition_key = outcomes.attribute
left join rows_as_of
    on
    as_of_dates.as_of_date = rows_as_of.as_of_date
    and condition_levels.condition_key = rows_as_of.condition_key
