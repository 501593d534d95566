with

checked_rows as (

    select * from {{ ref('base_crm__accounts') }}

),

usable_rows as (

    select
        account_id,
        account_name,
        lower(domain) as domain,
        industry,
        employee_count,
        annual_revenue,
        country,
        is_customer,
        updated_at,
        _loaded_at
    from checked_rows
    where quarantine_reason is null and copy_number = 1

)

select * from usable_rows
