with

completeness_steps as (

    select * from {{ ref('completeness_steps') }}

),

attribute_rules as (

    select * from {{ ref('attribute_rules') }}

),

attribute_matches as (

    select * from {{ ref('attribute_matches') }}

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

ruled_dimensions as (

    select distinct
        as_of_dates.as_of_date,
        attribute_rules.model_id,
        attribute_rules.dimension
    from attribute_rules
    cross join as_of_dates
    where
        attribute_rules.attribute = 'completeness_pct'
        and {{ is_valid_on('attribute_rules', 'as_of_dates.as_of_date') }}

),

step_points as (

    select
        ruled_dimensions.as_of_date,
        ruled_dimensions.model_id,
        ruled_dimensions.dimension,
        completeness_steps.filled_fields,
        sum(coalesce({{ round_points('attribute_matches.points') }}, 0)) as points
    from ruled_dimensions
    inner join completeness_steps on ruled_dimensions.model_id = completeness_steps.model_id
    left join attribute_matches
        on
        attribute_matches.attribute = 'completeness_pct'
        and ruled_dimensions.model_id = attribute_matches.model_id
        and ruled_dimensions.dimension = attribute_matches.dimension
        and cast(completeness_steps.completeness_pct as {{ dbt.type_string() }})
        = attribute_matches.value
        and {{ is_valid_on('attribute_matches', 'ruled_dimensions.as_of_date') }}
    group by
        ruled_dimensions.as_of_date, ruled_dimensions.model_id, ruled_dimensions.dimension,
        completeness_steps.filled_fields

),

completeness_ranges as (

    select
        now_filled.as_of_date,
        now_filled.model_id,
        now_filled.dimension,
        now_filled.filled_fields,
        then_filled.filled_fields - now_filled.filled_fields as fields_to_fill,
        cast(now_filled.points as decimal(12, 4)) as points,
        cast(then_filled.points as decimal(12, 4)) as filled_points,
        cast(min(between_both.points) as decimal(12, 4)) as lowest_points,
        cast(max(between_both.points) as decimal(12, 4)) as highest_points
    from step_points as now_filled
    inner join step_points as then_filled
        on
        now_filled.as_of_date = then_filled.as_of_date
        and now_filled.model_id = then_filled.model_id
        and now_filled.dimension = then_filled.dimension
        and now_filled.filled_fields <= then_filled.filled_fields
    inner join step_points as between_both
        on
        now_filled.as_of_date = between_both.as_of_date
        and now_filled.model_id = between_both.model_id
        and now_filled.dimension = between_both.dimension
        and now_filled.filled_fields <= between_both.filled_fields
        and between_both.filled_fields <= then_filled.filled_fields
    group by
        now_filled.as_of_date, now_filled.model_id, now_filled.dimension,
        now_filled.filled_fields, then_filled.filled_fields, now_filled.points,
        then_filled.points

)

select * from completeness_ranges
