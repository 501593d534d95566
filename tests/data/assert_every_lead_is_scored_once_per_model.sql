{{ config(meta={'dagster': {'ref': {'name': 'lead_scores'}}}) }}
-- A failing row is a lead that is scored more or less often than there are models to score:
-- a join in models/scoring loses or repeats leads.
select
    leads.as_of_date,
    leads.lead_id,
    count(lead_scores.lead_id) as scores
from {{ ref('int_leads') }} as leads
left join {{ ref('lead_scores') }} as lead_scores
    on leads.as_of_date = lead_scores.as_of_date
    and leads.lead_id = lead_scores.lead_id
group by leads.as_of_date, leads.lead_id
having count(lead_scores.lead_id) <> (select count(*) from {{ ref('scored_models') }})
