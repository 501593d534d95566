with

leads as (

    select
        *,
        {{ gone_from() }} as gone_from
    from {{ versions_of('leads') }}

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

lead_numbers as (

    select * from {{ ref('int_lead_numbers') }}

),

versions as (

    select
        as_of_dates.as_of_date,
        leads.*,
        row_number() over (
            partition by as_of_dates.as_of_date, leads.lead_id
            order by leads.updated_at desc, leads._loaded_at desc
        ) as recency
    from leads
    inner join as_of_dates
        on cast(leads.updated_at as date) <= as_of_dates.as_of_date
        and cast(leads.created_at as date) <= as_of_dates.as_of_date
        and {{ is_known_by('leads', 'as_of_dates') }}

),

leads_as_of as (

    select
        versions.as_of_date,
        lead_numbers.lead_no,
        versions.lead_id,
        {{ key_of('versions.lead_id') }} as lead_key,
        versions.email,
        versions.first_name,
        versions.last_name,
        versions.phone,
        versions.job_title,
        versions.company_name,
        versions.company_domain,
        versions.industry,
        versions.employee_count,
        versions.annual_revenue,
        versions.country,
        versions.region,
        versions.city,
        versions.ip_organization,
        versions.lead_source,
        versions.account_id,
        versions.owner_id,
        versions.lifecycle_stage,
        versions.do_not_contact,
        versions.is_deleted,
        versions.created_at,
        versions.updated_at,
        versions._loaded_at
    from versions
    inner join lead_numbers on versions.lead_id = lead_numbers.lead_id
    where
        versions.recency = 1
        and not coalesce(versions.is_deleted, false)
        and (versions.gone_from is null or versions.gone_from > versions.as_of_date)

)

select * from leads_as_of
