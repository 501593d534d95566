{{ config(meta={'dagster': {'ref': {'name': 'lead_unknowns'}}}) }}
-- A failing row is a lead whose score lies outside the range of its missing fields, or one that is
-- scored and has no range: a developer must look at attribute_ranges and unknown_scores.
select
    lead_scores.as_of_date,
    lead_scores.model_id,
    lead_scores.lead_id,
    lead_scores.score,
    lead_unknowns.lowest_score,
    lead_unknowns.highest_score
from {{ ref('lead_scores') }} as lead_scores
left join {{ ref('lead_unknowns') }} as lead_unknowns
    on lead_scores.as_of_date = lead_unknowns.as_of_date
    and lead_scores.model_id = lead_unknowns.model_id
    and lead_scores.lead_id = lead_unknowns.lead_id
where
    lead_unknowns.lead_id is null
    or lead_scores.score < lead_unknowns.lowest_score
    or lead_scores.score > lead_unknowns.highest_score
