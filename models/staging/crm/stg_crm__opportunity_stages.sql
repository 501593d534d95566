with

checked_rows as (

    select * from {{ ref('base_crm__opportunity_stages') }}

),

usable_rows as (

    select
        opportunity_id,
        stage,
        entered_at,
        _loaded_at
    from checked_rows
    where quarantine_reason is null and copy_number = 1

)

select * from usable_rows
