with

checked_rows as (

    select * from {{ ref('base_web__events') }}

),

usable_rows as (

    select
        event_id,
        visitor_id,
        lower(email) as email,
        event_type,
        url,
        search_term,
        referrer,
        user_agent,
        occurred_at,
        _loaded_at,
        occurred_on
    from checked_rows
    where quarantine_reason is null

)

select * from usable_rows
