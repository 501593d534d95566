with

checked_rows as (

    select * from {{ ref('base_crm__opportunities') }}

),

usable_rows as (

    select
        opportunity_id,
        lead_id,
        account_id,
        product,
        stage,
        amount,
        is_won,
        created_at,
        closed_at,
        cast(expected_close_on as date) as expected_close_on,
        probability_pct,
        updated_at,
        _loaded_at
    from checked_rows
    where quarantine_reason is null and copy_number = 1

)

select * from usable_rows
