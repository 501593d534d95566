{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ delete_changed_days('web.events') }}"
) }}

with

web_events as (

    select * from {{ ref('stg_web__events') }}

),

identifying_events as (

    select
        {{ key_of('visitor_id') }} as visitor_key,
        visitor_id,
        {{ key_of('email') }} as email_key,
        event_id,
        occurred_at,
        occurred_on,
        cast(_loaded_at as date) as known_on,
        row_number() over (
            partition by visitor_id, occurred_on, event_id
            order by _loaded_at asc, occurred_at desc, email asc
        ) as copy_number
    from web_events
    where
        {{ is_on_changed_day('web.events') }}
        and email is not null
        and visitor_id is not null

),

-- Of what names one address on one day the last decides.
last_of_the_day as (

    select
        *,
        row_number() over (
            partition by visitor_key, email_key, occurred_on, known_on
            order by occurred_at desc, event_id desc
        ) as recency
    from identifying_events
    where copy_number = 1

)

select
    'web.events' as table_name,
    visitor_key,
    visitor_id,
    email_key,
    event_id,
    occurred_at,
    occurred_on,
    known_on
from last_of_the_day
where recency = 1
