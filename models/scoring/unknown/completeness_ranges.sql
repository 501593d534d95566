with

completeness_steps as (

    select * from {{ ref('completeness_steps') }}

),

rules as (

    select * from {{ ref('rules') }}
    where kind = 'attribute' and attribute = 'completeness_pct' and model_no is not null

),

attribute_values as (

    select * from {{ ref('attribute_values') }}

),

value_points as (

    select * from {{ ref('value_points') }}

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

ruled_dimensions as (

    select distinct
        as_of_dates.as_of_date,
        rules.model_id,
        rules.model_no,
        rules.dimension
    from rules
    inner join as_of_dates on {{ is_valid_on('rules', 'as_of_dates.as_of_date') }}

),

step_points as (

    select
        ruled_dimensions.as_of_date,
        ruled_dimensions.model_no,
        ruled_dimensions.dimension,
        completeness_steps.filled_fields,
        sum(coalesce(value_points.points, 0)) as points
    from ruled_dimensions
    inner join completeness_steps on ruled_dimensions.model_id = completeness_steps.model_id
    inner join attribute_values
        on
        completeness_steps.attribute_key = attribute_values.attribute
        and completeness_steps.value = attribute_values.value
    left join value_points
        on
        attribute_values.value_no = value_points.value_no
        and ruled_dimensions.model_no = value_points.model_no
        and ruled_dimensions.dimension = value_points.dimension
        and {{ is_valid_on('value_points', 'ruled_dimensions.as_of_date') }}
    group by
        ruled_dimensions.as_of_date, ruled_dimensions.model_no, ruled_dimensions.dimension,
        completeness_steps.filled_fields

),

completeness_ranges as (

    select
        now_filled.as_of_date,
        now_filled.model_no,
        now_filled.dimension,
        now_filled.filled_fields,
        then_filled.filled_fields - now_filled.filled_fields as fields_to_fill,
        now_filled.points,
        then_filled.points as filled_points,
        min(between_both.points) as lowest_points,
        max(between_both.points) as highest_points
    from step_points as now_filled
    inner join step_points as then_filled
        on
        now_filled.as_of_date = then_filled.as_of_date
        and now_filled.model_no = then_filled.model_no
        and now_filled.dimension = then_filled.dimension
        and now_filled.filled_fields <= then_filled.filled_fields
    inner join step_points as between_both
        on
        now_filled.as_of_date = between_both.as_of_date
        and now_filled.model_no = between_both.model_no
        and now_filled.dimension = between_both.dimension
        and now_filled.filled_fields <= between_both.filled_fields
        and between_both.filled_fields <= then_filled.filled_fields
    group by
        now_filled.as_of_date, now_filled.model_no, now_filled.dimension,
        now_filled.filled_fields, then_filled.filled_fields, now_filled.points,
        then_filled.points

)

select
    as_of_date,
    model_no,
    filled_fields,
    fields_to_fill,
    {{ each_dimension(
        "max(case when dimension = '{}' then 1 else 0 end) as {}_counts", fit_dimensions()
    ) }},
    {{ each_range_column(
        "cast(sum(case when dimension = '{}' then <> else 0 end) as " ~ type_points() ~ ")"
    ) }}
from completeness_ranges
group by as_of_date, model_no, filled_fields, fields_to_fill
