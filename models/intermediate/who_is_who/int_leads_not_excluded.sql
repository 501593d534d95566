{{ config(materialized='view') }}

with

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
    leads.as_of_date,
    scored_models.model_no,
    scored_models.model_id,
    leads.lead_no,
    leads.lead_id,
    leads.lead_key,
    leads.account_id,
    leads.created_at
from leads
cross join scored_models
left join exclusions
    on
    leads.as_of_date = exclusions.as_of_date
    and scored_models.model_no = exclusions.model_no
    and leads.lead_no = exclusions.lead_no
where exclusions.lead_no is null
