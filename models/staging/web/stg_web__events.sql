with

checked_rows as (

    select * from {{ ref('base_web__events') }}

),

usable_rows as (

    select
        {{ web_event_columns() }}
    from checked_rows
    where quarantine_reason is null

)

select * from usable_rows
