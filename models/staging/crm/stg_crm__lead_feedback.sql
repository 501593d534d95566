with

checked_rows as (

    select * from {{ ref('base_crm__lead_feedback') }}

),

usable_rows as (

    select
        lead_id,
        lower(verdict) as verdict,
        reason,
        decided_at,
        _loaded_at
    from checked_rows
    where quarantine_reason is null and copy_number = 1

)

select * from usable_rows
