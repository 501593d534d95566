with

checked_rows as (

    select * from {{ ref('base_crm__leads') }}

),

usable_rows as (

    select
        lead_id,
        lower(email) as email,
        first_name,
        last_name,
        phone,
        job_title,
        company_name,
        lower(company_domain) as company_domain,
        industry,
        employee_count,
        annual_revenue,
        country,
        region,
        city,
        ip_organization,
        lead_source,
        account_id,
        owner_id,
        lifecycle_stage,
        do_not_contact,
        is_deleted,
        created_at,
        updated_at,
        _loaded_at
    from checked_rows
    where quarantine_reason is null and copy_number = 1

)

select * from usable_rows
