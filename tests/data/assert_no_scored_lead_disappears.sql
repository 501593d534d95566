{{ config(meta={'dagster': {'ref': {'name': 'scored_leads'}}}) }}
-- A failing row is a lead of the newest day that BI tools would not see: scored_leads must keep
-- every lead, with or without a tier.
select
    lead_scores.model_id,
    lead_scores.lead_id
from {{ ref('lead_scores') }} as lead_scores
left join {{ ref('scored_leads') }} as scored_leads
    on lead_scores.model_id = scored_leads.model_id
    and lead_scores.lead_id = scored_leads.lead_id
where
    lead_scores.as_of_date = (select max(as_of_date) from {{ ref('lead_scores') }})
    and scored_leads.lead_id is null
