with

checked_rows as (

    select * from {{ ref('base_email__events') }}

),

usable_rows as (

    select
        event_id,
        lower(email) as email,
        campaign_id,
        event_type,
        {{ url_path('url') }} as url_path,
        url,
        user_agent,
        occurred_at,
        _loaded_at,
        occurred_on
    from checked_rows
    where quarantine_reason is null

)

select * from usable_rows
