with

checked_rows as (

    select * from {{ ref('base_email__campaigns') }}

),

usable_rows as (

    select
        campaign_id,
        campaign_name,
        topic,
        product,
        _loaded_at
    from checked_rows
    where quarantine_reason is null and copy_number = 1

)

select * from usable_rows
