{{ config(meta={'dagster': {'ref': {'name': 'lead_scores'}}}) }}
-- A failing row is a lead that is scored more or less often than there are models to score:
-- a join in models/scoring loses or repeats leads.
select
    leads.as_of_date,
    leads.lead_no,
    count(lead_totals.lead_no) as scores
from {{ ref('int_leads') }} as leads
left join {{ ref('lead_totals') }} as lead_totals
    on leads.as_of_date = lead_totals.as_of_date
    and leads.lead_no = lead_totals.lead_no
group by leads.as_of_date, leads.lead_no
having count(lead_totals.lead_no) <> (select count(*) from {{ ref('scored_models') }})
