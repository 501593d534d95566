with

unknown_points as (

    select * from {{ ref('unknown_points') }}

),

model_dimensions as (

    select * from {{ ref('model_dimensions') }}

),

dimension_points as (

    select * from {{ ref('dimension_points') }}

),

score_points as (

    select * from {{ ref('score_points') }}

),

tier_bands as (

    select * from {{ ref('tier_bands') }}

),

limits as (

    select
        model_id,
        dimension,
        cast(min_points as {{ type_points() }}) as min_points,
        cast(max_points as {{ type_points() }}) as max_points
    from model_dimensions

),

-- What a dimension's rules would give in place of what they give now.
other_points as (

    select
        unknown_points.as_of_date,
        unknown_points.model_id,
        unknown_points.lead_id,
        unknown_points.field,
        unknown_points.dimension,
        unknown_points.can_move,
        limits.min_points,
        limits.max_points,
        dimension_points.points,
        cast(
            dimension_points.rule_points - unknown_points.points + unknown_points.filled_points
            as {{ type_points() }}
        ) as other_rule_points,
        cast(
            dimension_points.rule_points - unknown_points.points + unknown_points.lowest_points
            as {{ type_points() }}
        ) as lowest_rule_points,
        cast(
            dimension_points.rule_points - unknown_points.points + unknown_points.highest_points
            as {{ type_points() }}
        ) as highest_rule_points
    from unknown_points
    inner join dimension_points
        on
        unknown_points.as_of_date = dimension_points.as_of_date
        and unknown_points.model_id = dimension_points.model_id
        and unknown_points.lead_id = dimension_points.lead_id
        and unknown_points.dimension = dimension_points.dimension
    inner join limits
        on
        unknown_points.model_id = limits.model_id
        and unknown_points.dimension = limits.dimension

),

summed as (

    select
        as_of_date,
        model_id,
        lead_id,
        field,
        sum({{ hold_within('lowest_rule_points', 'min_points', 'max_points') }} - points)
            as lowest_difference,
        sum({{ hold_within('highest_rule_points', 'min_points', 'max_points') }} - points)
            as highest_difference,
        sum({{ hold_within('other_rule_points', 'min_points', 'max_points') }} - points)
            as others_difference,
        sum(case when dimension = 'demographic' then other_rule_points else 0 end)
            as demographic_points,
        sum(case when dimension = 'firmographic' then other_rule_points else 0 end)
            as firmographic_points,
        sum(case when dimension = 'readiness' then other_rule_points else 0 end)
            as readiness_points,
        sum(case when dimension = 'data_quality' then other_rule_points else 0 end)
            as data_quality_points
    from other_points
    group by as_of_date, model_id, lead_id, field
    having max(can_move) = 1

),

banded_scores as (

    select
        score_points.as_of_date,
        score_points.model_id,
        score_points.lead_id,
        score_points.score,
        tier_bands.from_score as tier_from_score,
        tier_bands.below_score as tier_below_score,
        cast(score_points.min_score as {{ type_points() }}) as min_score,
        cast(score_points.max_score as {{ type_points() }}) as max_score,
        cast(score_points.dimension_points as {{ type_points() }}) as dimension_points
    from score_points
    left join tier_bands
        on
        score_points.model_id = tier_bands.model_id
        and score_points.score >= tier_bands.from_score
        and (score_points.score < tier_bands.below_score or tier_bands.below_score is null)

),

other_scores as (

    select
        summed.as_of_date,
        summed.model_id,
        summed.lead_id,
        summed.field,
        banded_scores.score,
        banded_scores.tier_from_score,
        banded_scores.tier_below_score,
        banded_scores.min_score,
        banded_scores.max_score,
        cast(banded_scores.dimension_points + summed.others_difference as {{ type_points() }})
            as other_points,
        cast(banded_scores.dimension_points + summed.lowest_difference as {{ type_points() }})
            as lowest_points,
        cast(banded_scores.dimension_points + summed.highest_difference as {{ type_points() }})
            as highest_points,
        summed.demographic_points,
        summed.firmographic_points,
        summed.readiness_points,
        summed.data_quality_points
    from summed
    inner join banded_scores
        on
        summed.as_of_date = banded_scores.as_of_date
        and summed.model_id = banded_scores.model_id
        and summed.lead_id = banded_scores.lead_id

),

ranges as (

    select
        as_of_date,
        model_id,
        lead_id,
        field,
        score,
        tier_from_score,
        tier_below_score,
        cast({{ hold_within('lowest_points', 'min_score', 'max_score') }} as decimal(12, 4))
            as lowest_score,
        cast({{ hold_within('highest_points', 'min_score', 'max_score') }} as decimal(12, 4))
            as highest_score,
        cast(other_points as decimal(12, 4)) as other_points,
        cast(demographic_points as decimal(12, 4)) as demographic_points,
        cast(firmographic_points as decimal(12, 4)) as firmographic_points,
        cast(readiness_points as decimal(12, 4)) as readiness_points,
        cast(data_quality_points as decimal(12, 4)) as data_quality_points
    from other_scores

),

unknown_scores as (

    select
        *,
        coalesce(lowest_score < tier_from_score, false)
        or coalesce(highest_score >= tier_below_score, false) as can_change_tier
    from ranges

)

select * from unknown_scores
