{{ config(meta={'dagster': {'ref': {'name': 'lead_unknowns'}}}) }}
-- A failing row is a lead whose score lies outside the range of its missing fields: a developer
-- must look at attribute_ranges and unknown_scores.
select
    as_of_date,
    model_no,
    lead_no,
    field_no,
    score,
    lowest_score,
    highest_score
from {{ ref('unknown_scores') }}
where score < lowest_score or score > highest_score
