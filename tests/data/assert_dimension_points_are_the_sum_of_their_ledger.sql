{{ config(meta={'dagster': {'ref': {'name': 'lead_scores'}}}) }}
-- A failing row is a lead whose points of one dimension are not what its ledger rows of that
-- dimension add up to, or lie outside the range of dimensions.csv: a developer must look at
-- dimension_points and cap_points.
with

ledger as (

    select
        as_of_date,
        model_id,
        lead_id,
        dimension,
        sum(points) as points
    from {{ ref('lead_score_ledger') }}
    where dimension <> 'score'
    group by as_of_date, model_id, lead_id, dimension

),

scores as (

    {% for dimension in ['demographic', 'firmographic', 'readiness', 'behavioral', 'data_quality'] %}
    select as_of_date, model_id, lead_id, '{{ dimension }}' as dimension, {{ dimension }}_points as points
    from {{ ref('lead_scores') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    scores.*,
    ledger.points as ledger_points
from scores
left join ledger
    on scores.as_of_date = ledger.as_of_date
    and scores.model_id = ledger.model_id
    and scores.lead_id = ledger.lead_id
    and scores.dimension = ledger.dimension
left join {{ ref('model_dimensions') }} as model_dimensions
    on scores.model_id = model_dimensions.model_id
    and scores.dimension = model_dimensions.dimension
where
    scores.points <> coalesce(ledger.points, 0)
    or scores.points < model_dimensions.min_points
    or scores.points > model_dimensions.max_points
