with

leads as (

    {{ newest_versions('leads', 'lead_id', is_created=true) }}

),

lead_numbers as (

    select * from {{ ref('int_lead_numbers') }}

)

select
    leads.as_of_date,
    lead_numbers.lead_no,
    leads.lead_id,
    {{ key_of('leads.lead_id') }} as lead_key,
    leads.email,
    leads.first_name,
    leads.last_name,
    leads.phone,
    leads.job_title,
    leads.company_name,
    leads.company_domain,
    leads.industry,
    leads.employee_count,
    leads.annual_revenue,
    leads.country,
    leads.region,
    leads.city,
    leads.ip_organization,
    leads.lead_source,
    leads.account_id,
    leads.owner_id,
    leads.lifecycle_stage,
    leads.do_not_contact,
    leads.is_deleted,
    leads.created_at,
    leads.updated_at,
    leads._loaded_at
from leads
inner join lead_numbers on leads.lead_id = lead_numbers.lead_id
where not coalesce(leads.is_deleted, false)
