{{ config(materialized='view') }}

with

lead_totals as (

    select * from {{ ref('lead_totals') }}

),

leads as (

    select * from {{ ref('int_leads') }}

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

exclusions as (

    select * from {{ ref('int_exclusions') }}

)

select
    lead_totals.as_of_date,
    scored_models.model_id,
    leads.lead_id,
    leads.account_id,
    cast(lead_totals.score as decimal(12, 4)) as score,
    lead_totals.fit_score,
    lead_totals.engagement_score,
    exclusions.lead_no is not null as is_excluded,
    exclusions.exclusion_reason,
    {{ draw_of(['scored_models.model_id', 'leads.lead_id']) }} as draw
from lead_totals
inner join scored_models on lead_totals.model_no = scored_models.model_no
inner join leads
    on lead_totals.as_of_date = leads.as_of_date and lead_totals.lead_no = leads.lead_no
left join exclusions
    on
    lead_totals.as_of_date = exclusions.as_of_date
    and lead_totals.model_no = exclusions.model_no
    and lead_totals.lead_no = exclusions.lead_no
