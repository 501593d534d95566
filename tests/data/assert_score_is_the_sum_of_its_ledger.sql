{{ config(meta={'dagster': {'ref': {'name': 'lead_scores'}}}) }}
-- A failing row is a lead whose explanation does not add up to its score: the scoring models
-- contradict each other, and nothing may be published before a developer has found why.
with

ledger as (

    select
        as_of_date,
        model_id,
        lead_id,
        sum(points) as points,
        sum(case when dimension = 'behavioral' then raw_points else 0 end) as raw_points
    from {{ ref('lead_score_ledger') }}
    group by as_of_date, model_id, lead_id

)

select
    lead_scores.as_of_date,
    lead_scores.model_id,
    lead_scores.lead_id,
    lead_scores.score,
    ledger.points
from {{ ref('lead_scores') }} as lead_scores
full outer join ledger
    on lead_scores.as_of_date = ledger.as_of_date
    and lead_scores.model_id = ledger.model_id
    and lead_scores.lead_id = ledger.lead_id
where
    lead_scores.lead_id is null
    or lead_scores.score <> coalesce(ledger.points, 0)
    or lead_scores.behavioral_points_undecayed <> coalesce(ledger.raw_points, 0)
