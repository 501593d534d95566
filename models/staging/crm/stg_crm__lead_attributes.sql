with

checked_rows as (

    select * from {{ ref('base_crm__lead_attributes') }}

),

usable_rows as (

    select
        lead_id,
        attribute,
        value,
        updated_at,
        _loaded_at
    from checked_rows
    where quarantine_reason is null and copy_number = 1

)

select * from usable_rows
