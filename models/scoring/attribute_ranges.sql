with

unknown_attributes as (

    select * from {{ ref('int_lead_unknown_attributes') }}

),

attribute_candidates as (

    select * from {{ ref('attribute_candidates') }}

),

attribute_rules as (

    select * from {{ ref('attribute_rules') }}

),

attribute_matches as (

    select * from {{ ref('attribute_matches') }}

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

present_values as (

    select distinct
        as_of_date,
        attribute,
        value,
        is_settled
    from unknown_attributes

),

rules_as_of as (

    select
        as_of_dates.as_of_date,
        attribute_rules.model_id,
        attribute_rules.attribute,
        attribute_rules.dimension,
        attribute_rules.operator,
        {{ round_points('attribute_rules.points') }} as points
    from attribute_rules
    cross join as_of_dates
    inner join scored_models on attribute_rules.model_id = scored_models.model_id
    where {{ is_valid_on('attribute_rules', 'as_of_dates.as_of_date') }}

),

-- What a rule gives for a text that only contains or matches another cannot be tried on values.
bounds as (

    select
        as_of_date,
        model_id,
        attribute,
        dimension,
        sum(case when operator in ({{ bounded_operators() }}) then least(points, 0) else 0 end)
            as taken_points,
        sum(case when operator in ({{ bounded_operators() }}) then greatest(points, 0) else 0 end)
            as given_points
    from rules_as_of
    group by as_of_date, model_id, attribute, dimension

),

matches_as_of as (

    select
        as_of_dates.as_of_date,
        attribute_matches.model_id,
        attribute_matches.attribute,
        attribute_matches.dimension,
        attribute_matches.value,
        attribute_matches.operator,
        {{ round_points('attribute_matches.points') }} as points
    from attribute_matches
    cross join as_of_dates
    where {{ is_valid_on('attribute_matches', 'as_of_dates.as_of_date') }}

),

candidate_points as (

    select
        bounds.as_of_date,
        bounds.model_id,
        bounds.attribute,
        bounds.dimension,
        attribute_candidates.value,
        sum(coalesce(matches_as_of.points, 0)) as points
    from bounds
    inner join attribute_candidates on bounds.attribute = attribute_candidates.attribute
    left join matches_as_of
        on
        bounds.as_of_date = matches_as_of.as_of_date
        and bounds.model_id = matches_as_of.model_id
        and bounds.attribute = matches_as_of.attribute
        and bounds.dimension = matches_as_of.dimension
        and attribute_candidates.value = matches_as_of.value
        and matches_as_of.operator not in ({{ bounded_operators() }})
    group by
        bounds.as_of_date, bounds.model_id, bounds.attribute, bounds.dimension,
        attribute_candidates.value

),

extremes as (

    select
        as_of_date,
        model_id,
        attribute,
        dimension,
        min(points) as lowest_points,
        max(points) as highest_points
    from candidate_points
    group by as_of_date, model_id, attribute, dimension

),

present_points as (

    select
        present_values.as_of_date,
        bounds.model_id,
        present_values.attribute,
        present_values.value,
        present_values.is_settled,
        bounds.dimension,
        bounds.taken_points,
        bounds.given_points,
        sum(coalesce(matches_as_of.points, 0)) as points
    from present_values
    inner join bounds
        on
        present_values.as_of_date = bounds.as_of_date
        and present_values.attribute = bounds.attribute
    left join matches_as_of
        on
        bounds.as_of_date = matches_as_of.as_of_date
        and bounds.model_id = matches_as_of.model_id
        and bounds.attribute = matches_as_of.attribute
        and bounds.dimension = matches_as_of.dimension
        and present_values.value = matches_as_of.value
    group by
        present_values.as_of_date, bounds.model_id, present_values.attribute,
        present_values.value, present_values.is_settled, bounds.dimension, bounds.taken_points,
        bounds.given_points

),

attribute_ranges as (

    select
        present_points.as_of_date,
        present_points.model_id,
        present_points.attribute,
        present_points.value,
        present_points.dimension,
        cast(present_points.points as decimal(12, 4)) as points,
        cast(
            case
                when present_points.is_settled then present_points.points
                else extremes.lowest_points + present_points.taken_points
            end as decimal(12, 4)
        ) as lowest_points,
        cast(
            case
                when present_points.is_settled then present_points.points
                else extremes.highest_points + present_points.given_points
            end as decimal(12, 4)
        ) as highest_points
    from present_points
    inner join extremes
        on
        present_points.as_of_date = extremes.as_of_date
        and present_points.model_id = extremes.model_id
        and present_points.attribute = extremes.attribute
        and present_points.dimension = extremes.dimension

)

select * from attribute_ranges
