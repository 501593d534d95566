{{ config(materialized='view') }}

with

unknown_attributes as (

    select * from {{ ref('int_lead_unknown_attributes') }}

),

attribute_ranges as (

    select * from {{ ref('attribute_ranges') }}

),

completeness as (

    select * from {{ ref('int_lead_completeness') }}

),

completeness_ranges as (

    select * from {{ ref('completeness_ranges') }}

),

key_fields as (

    select * from {{ ref('model_key_fields') }}

),

-- Each missing field by itself, and all of them together under no name.
fields_and_all as (

    select
        as_of_date,
        lead_id,
        field,
        attribute,
        value
    from unknown_attributes
    where is_in_reach
    union all
    select distinct
        as_of_date,
        lead_id,
        '' as field,
        attribute,
        value
    from unknown_attributes

),

fields_to_fill as (

    select
        fields_and_all.as_of_date,
        key_fields.model_id,
        fields_and_all.lead_id,
        fields_and_all.field,
        count(*) as fields_to_fill
    from fields_and_all
    inner join key_fields on fields_and_all.attribute = key_fields.attribute
    where fields_and_all.value = ''
    group by
        fields_and_all.as_of_date, key_fields.model_id, fields_and_all.lead_id,
        fields_and_all.field

),

-- How many key fields a field fills is known, what it says is not.
parts as (

    select
        fields_and_all.as_of_date,
        attribute_ranges.model_id,
        fields_and_all.lead_id,
        fields_and_all.field,
        attribute_ranges.dimension,
        attribute_ranges.points,
        0 as filled_points,
        attribute_ranges.lowest_points,
        attribute_ranges.highest_points,
        case when attribute_ranges.lowest_points < attribute_ranges.highest_points then 1 else 0 end
            as can_move
    from fields_and_all
    inner join attribute_ranges
        on
        fields_and_all.as_of_date = attribute_ranges.as_of_date
        and fields_and_all.attribute = attribute_ranges.attribute
        and fields_and_all.value = attribute_ranges.value
    union all
    select
        fields_to_fill.as_of_date,
        fields_to_fill.model_id,
        fields_to_fill.lead_id,
        fields_to_fill.field,
        completeness_ranges.dimension,
        completeness_ranges.points,
        completeness_ranges.filled_points,
        completeness_ranges.lowest_points,
        completeness_ranges.highest_points,
        1 as can_move
    from fields_to_fill
    inner join completeness
        on
        fields_to_fill.as_of_date = completeness.as_of_date
        and fields_to_fill.model_id = completeness.model_id
        and fields_to_fill.lead_id = completeness.lead_id
    inner join completeness_ranges
        on
        fields_to_fill.as_of_date = completeness_ranges.as_of_date
        and fields_to_fill.model_id = completeness_ranges.model_id
        and completeness.filled_fields = completeness_ranges.filled_fields
        and fields_to_fill.fields_to_fill = completeness_ranges.fields_to_fill

),

unknown_points as (

    select
        as_of_date,
        model_id,
        lead_id,
        field,
        dimension,
        cast(sum(points) as {{ type_points() }}) as points,
        cast(sum(filled_points) as {{ type_points() }}) as filled_points,
        cast(sum(lowest_points) as {{ type_points() }}) as lowest_points,
        cast(sum(highest_points) as {{ type_points() }}) as highest_points,
        max(can_move) as can_move
    from parts
    group by as_of_date, model_id, lead_id, field, dimension

)

select * from unknown_points
