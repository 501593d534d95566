with

checked_rows as (

    select * from {{ ref('base_crm__activities') }}

),

usable_rows as (

    select
        activity_id,
        lead_id,
        activity_type,
        subject,
        product,
        occurred_at,
        _loaded_at
    from checked_rows
    where quarantine_reason is null and copy_number = 1

)

select * from usable_rows
