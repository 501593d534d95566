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
        as_of_date,
        lead_id,
        {{ key_of('lead_id') }} as lead_key,
        email,
        first_name,
        last_name,
        phone,
        job_title,
        company_name,
        company_domain,
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
    from versions
    where
        recency = 1
        and not coalesce(is_deleted, false)
        and (gone_from is null or gone_from > as_of_date)

)

select * from leads_as_of
