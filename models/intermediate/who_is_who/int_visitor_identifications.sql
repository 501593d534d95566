{{ config(
    materialized='incremental',
    incremental_strategy='append',
    partition_by='occurred_on',
    pre_hook="{{ delete_changed_loads('web.events', 'known_on') }}"
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
        {{ is_newly_loaded('web.events') }}
        and email is not null
        and visitor_id is not null

),

-- Read from the table again, as an engine may write down what two parts of a query ask for.
identified_before as (

    select
        visitor_id,
        occurred_on,
        event_id
    from {{ ref('stg_web__events') }}
    where
        {{ was_read_before('web.events') }}
        and email is not null
        and visitor_id is not null

),

first_copies as (

    select identifying_events.*
    from identifying_events
    where
        copy_number = 1
        and not exists (
            select 1
            from identified_before
            where
                identified_before.visitor_id = identifying_events.visitor_id
                and identified_before.occurred_on = identifying_events.occurred_on
                and identified_before.event_id = identifying_events.event_id
        )

),

-- Of what names one address on one day the last decides.
last_of_the_day as (

    select
        *,
        row_number() over (
            partition by visitor_key, email_key, occurred_on, known_on
            order by occurred_at desc, event_id desc
        ) as recency
    from first_copies

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
