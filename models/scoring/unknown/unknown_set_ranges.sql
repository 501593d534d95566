with

set_values as (

    select * from {{ ref('int_unknown_set_values') }}

),

attribute_ranges as (

    select * from {{ ref('attribute_ranges') }}

),

key_fields as (

    select * from {{ ref('model_key_fields') }}

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

-- Each missing field by itself, and all of them together under the number 0.
members as (

    select
        set_no,
        field_no,
        attribute,
        value_no,
        is_missing,
        is_settled
    from set_values
    where is_in_reach
    union all
    select distinct
        set_no,
        0 as field_no,
        attribute,
        value_no,
        is_missing,
        is_settled
    from set_values

),

fields_to_fill as (

    select
        members.set_no,
        members.field_no,
        scored_models.model_no,
        count(*) as fields_to_fill
    from members
    inner join key_fields on members.attribute = key_fields.attribute_key
    inner join scored_models on key_fields.model_id = scored_models.model_id
    where members.is_missing
    group by members.set_no, members.field_no, scored_models.model_no

),

ranges as (

    select
        attribute_ranges.as_of_date,
        attribute_ranges.model_no,
        members.set_no,
        members.field_no,
        attribute_ranges.dimension,
        sum(attribute_ranges.points) as points,
        sum(attribute_ranges.lowest_points) as lowest_points,
        sum(attribute_ranges.highest_points) as highest_points,
        max(
            case when attribute_ranges.lowest_points < attribute_ranges.highest_points then 1 else 0
            end
        ) as can_move
    from members
    inner join attribute_ranges
        on
        members.value_no = attribute_ranges.value_no
        and members.is_settled = attribute_ranges.is_settled
    group by
        attribute_ranges.as_of_date, attribute_ranges.model_no, members.set_no,
        members.field_no, attribute_ranges.dimension

),

set_fields as (

    select distinct
        as_of_dates.as_of_date,
        scored_models.model_no,
        members.set_no,
        members.field_no
    from members
    cross join scored_models
    cross join as_of_dates

),

set_ranges as (

    select
        set_fields.as_of_date,
        set_fields.model_no,
        set_fields.set_no,
        set_fields.field_no,
        coalesce(max(fields_to_fill.fields_to_fill), 0) as fields_to_fill,
        coalesce(max(ranges.can_move), 0) as can_move,
        {{ each_dimension(
            "max(case when ranges.dimension = '{}' then 1 else 0 end) as {}_counts",
            fit_dimensions()
        ) }},
        {{ each_range_column(
            "cast(sum(case when ranges.dimension = '{}' then ranges.<> else 0 end) as "
            ~ type_points() ~ ")", ['points', 'lowest_points', 'highest_points']
        ) }}
    from set_fields
    left join ranges
        on
        set_fields.as_of_date = ranges.as_of_date
        and set_fields.model_no = ranges.model_no
        and set_fields.set_no = ranges.set_no
        and set_fields.field_no = ranges.field_no
    left join fields_to_fill
        on
        set_fields.set_no = fields_to_fill.set_no
        and set_fields.field_no = fields_to_fill.field_no
        and set_fields.model_no = fields_to_fill.model_no
    group by
        set_fields.as_of_date, set_fields.model_no, set_fields.set_no, set_fields.field_no

),

models_by_completeness as (

    select distinct
        as_of_date,
        model_no
    from {{ ref('completeness_ranges') }}

)

-- How many key fields a field fills is known, what it says is not.
select set_ranges.*
from set_ranges
left join models_by_completeness
    on
    set_ranges.as_of_date = models_by_completeness.as_of_date
    and set_ranges.model_no = models_by_completeness.model_no
where
    set_ranges.can_move = 1
    or (set_ranges.fields_to_fill > 0 and models_by_completeness.model_no is not null)
