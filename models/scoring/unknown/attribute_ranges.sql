with

unknown_values as (

    select distinct
        attribute,
        value_no,
        is_settled
    from {{ ref('int_unknown_set_values') }}

),

attribute_candidates as (

    select * from {{ ref('attribute_candidates') }}

),

attribute_values as (

    select * from {{ ref('attribute_values') }}

),

value_points as (

    select * from {{ ref('value_points') }}

),

rules as (

    select * from {{ ref('rules') }}
    where kind = 'attribute' and model_no is not null

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

rules_as_of as (

    select
        as_of_dates.as_of_date,
        rules.model_no,
        rules.attribute_key as attribute,
        rules.dimension,
        rules.operator in ({{ bounded_operators() }}) as is_bounded,
        {{ round_points('rules.points') }} as points
    from rules
    inner join as_of_dates on {{ is_valid_on('rules', 'as_of_dates.as_of_date') }}

),

-- What a rule gives for a text that only contains or matches another cannot be tried on values.
bounds as (

    select
        as_of_date,
        model_no,
        attribute,
        dimension,
        sum(case when is_bounded then least(points, 0) else 0 end) as taken_points,
        sum(case when is_bounded then greatest(points, 0) else 0 end) as given_points
    from rules_as_of
    group by as_of_date, model_no, attribute, dimension

),

points_as_of as (

    select
        as_of_dates.as_of_date,
        value_points.model_no,
        value_points.dimension,
        value_points.value_no,
        sum(value_points.points) as points,
        sum(
            case
                when value_points.operator in ({{ bounded_operators() }}) then 0
                else value_points.points
            end
        ) as compared_points
    from value_points
    inner join as_of_dates on {{ is_valid_on('value_points', 'as_of_dates.as_of_date') }}
    group by
        as_of_dates.as_of_date, value_points.model_no, value_points.dimension,
        value_points.value_no

),

extremes as (

    select
        bounds.as_of_date,
        bounds.model_no,
        bounds.attribute,
        bounds.dimension,
        min(coalesce(points_as_of.compared_points, 0)) + bounds.taken_points as lowest_points,
        max(coalesce(points_as_of.compared_points, 0)) + bounds.given_points as highest_points
    from bounds
    inner join attribute_candidates on bounds.attribute = attribute_candidates.attribute
    inner join attribute_values
        on
        attribute_candidates.attribute = attribute_values.attribute
        and attribute_candidates.value = attribute_values.value
    left join points_as_of
        on
        bounds.as_of_date = points_as_of.as_of_date
        and bounds.model_no = points_as_of.model_no
        and bounds.dimension = points_as_of.dimension
        and attribute_values.value_no = points_as_of.value_no
    group by
        bounds.as_of_date, bounds.model_no, bounds.attribute, bounds.dimension,
        bounds.taken_points, bounds.given_points

)

select
    extremes.as_of_date,
    extremes.model_no,
    extremes.dimension,
    unknown_values.value_no,
    unknown_values.is_settled,
    cast(coalesce(points_as_of.points, 0) as {{ type_points() }}) as points,
    cast(
        case
            when unknown_values.is_settled then coalesce(points_as_of.points, 0)
            else extremes.lowest_points
        end as {{ type_points() }}
    ) as lowest_points,
    cast(
        case
            when unknown_values.is_settled then coalesce(points_as_of.points, 0)
            else extremes.highest_points
        end as {{ type_points() }}
    ) as highest_points
from extremes
inner join unknown_values on extremes.attribute = unknown_values.attribute
left join points_as_of
    on
    extremes.as_of_date = points_as_of.as_of_date
    and extremes.model_no = points_as_of.model_no
    and extremes.dimension = points_as_of.dimension
    and unknown_values.value_no = points_as_of.value_no
