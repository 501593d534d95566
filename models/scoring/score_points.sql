with

dimension_points as (

    select * from {{ ref('dimension_points') }}

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

summed as (

    select
        as_of_date,
        model_id,
        lead_id,
        sum(points) as dimension_points,
        sum(case when axis = 'fit' and max_points is not null then points end) as fit_points,
        sum(case when axis = 'fit' then max_points end) as fit_max_points,
        sum(case when axis = 'engagement' and max_points is not null then points end)
            as engagement_points,
        sum(case when axis = 'engagement' then max_points end) as engagement_max_points
    from dimension_points
    group by as_of_date, model_id, lead_id

),

score_points as (

    select
        summed.as_of_date,
        summed.model_id,
        summed.lead_id,
        scored_models.version as model_version,
        scored_models.min_score,
        scored_models.max_score,
        summed.dimension_points,
        cast({{ hold_within(
            'summed.dimension_points', 'scored_models.min_score', 'scored_models.max_score'
        ) }} as decimal(12, 4)) as score,
        {{ hold_within('100 * summed.fit_points / nullif(summed.fit_max_points, 0)', 0, 100) }}
            as fit_score,
        {{ hold_within(
            '100 * summed.engagement_points / nullif(summed.engagement_max_points, 0)', 0, 100
        ) }} as engagement_score
    from summed
    inner join scored_models on summed.model_id = scored_models.model_id

)

select * from score_points
