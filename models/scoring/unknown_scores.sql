with

unknown_points as (

    select * from {{ ref('unknown_points') }}

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

-- What a dimension's rules would give in place of what they give now.
rule_points as (

    select
        unknown_points.*,
        dimension_points.min_points,
        dimension_points.max_points,
        dimension_points.points as held_points,
        dimension_points.rule_points - unknown_points.points + unknown_points.filled_points
            as other_rule_points,
        dimension_points.rule_points - unknown_points.points + unknown_points.lowest_points
            as lowest_rule_points,
        dimension_points.rule_points - unknown_points.points + unknown_points.highest_points
            as highest_rule_points
    from unknown_points
    inner join dimension_points
        on
        unknown_points.as_of_date = dimension_points.as_of_date
        and unknown_points.model_id = dimension_points.model_id
        and unknown_points.lead_id = dimension_points.lead_id
        and unknown_points.dimension = dimension_points.dimension

),

summed as (

    select
        as_of_date,
        model_id,
        lead_id,
        field,
        sum({{ hold_within('lowest_rule_points', 'min_points', 'max_points') }} - held_points)
            as lowest_difference,
        sum({{ hold_within('highest_rule_points', 'min_points', 'max_points') }} - held_points)
            as highest_difference,
        sum({{ hold_within('other_rule_points', 'min_points', 'max_points') }} - held_points)
            as others_difference,
        sum(case when dimension = 'demographic' then other_rule_points else 0 end)
            as demographic_points,
        sum(case when dimension = 'firmographic' then other_rule_points else 0 end)
            as firmographic_points,
        sum(case when dimension = 'readiness' then other_rule_points else 0 end)
            as readiness_points,
        sum(case when dimension = 'data_quality' then other_rule_points else 0 end)
            as data_quality_points
    from rule_points
    group by as_of_date, model_id, lead_id, field
    having max(can_move) = 1

),

scores as (

    select
        summed.as_of_date,
        summed.model_id,
        summed.lead_id,
        summed.field,
        score_points.score,
        cast(score_points.dimension_points + summed.others_difference as decimal(12, 4))
            as other_points,
        cast({{ hold_within(
            'score_points.dimension_points + summed.lowest_difference',
            'score_points.min_score',
            'score_points.max_score'
        ) }} as decimal(12, 4)) as lowest_score,
        cast({{ hold_within(
            'score_points.dimension_points + summed.highest_difference',
            'score_points.min_score',
            'score_points.max_score'
        ) }} as decimal(12, 4)) as highest_score,
        cast(summed.demographic_points as decimal(12, 4)) as demographic_points,
        cast(summed.firmographic_points as decimal(12, 4)) as firmographic_points,
        cast(summed.readiness_points as decimal(12, 4)) as readiness_points,
        cast(summed.data_quality_points as decimal(12, 4)) as data_quality_points
    from summed
    inner join score_points
        on
        summed.as_of_date = score_points.as_of_date
        and summed.model_id = score_points.model_id
        and summed.lead_id = score_points.lead_id

),

unknown_scores as (

    select
        scores.*,
        tier_bands.from_score as tier_from_score,
        tier_bands.below_score as tier_below_score,
        coalesce(scores.lowest_score < tier_bands.from_score, false)
        or coalesce(scores.highest_score >= tier_bands.below_score, false) as can_change_tier
    from scores
    left join tier_bands
        on
        scores.model_id = tier_bands.model_id
        and scores.score >= tier_bands.from_score
        and (scores.score < tier_bands.below_score or tier_bands.below_score is null)

)

select * from unknown_scores
