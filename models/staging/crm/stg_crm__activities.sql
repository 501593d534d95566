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
        _loaded_at,
        occurred_on
    from checked_rows
    where quarantine_reason is null

)

select * from usable_rows
