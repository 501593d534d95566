{{ config(
    materialized='incremental',
    incremental_strategy='append',
    partition_by='occurred_on',
    pre_hook=[
        "{{ delete_changed_loads('web.events', 'known_on') }}",
        "{{ delete_late_visitors() }}",
    ]
) }}

with

named_visitors as (

    select * from {{ ref('int_named_visitors') }}

),

user_agents as (

    select * from {{ ref('int_user_agents') }}

),

-- The table is asked three times, for few rows each: what is asked for once and used twice, an
-- engine may write down whole.
newly_loaded_events as (

    select * from {{ ref('stg_web__events') }}
    where {{ is_newly_loaded('web.events') }} and {{ is_followed('web', 'event_type') }}

),

new_visitors_events as (

    select * from {{ ref('int_new_visitor_events') }}
    where {{ is_of_new_visitors() }} and {{ is_followed('web', 'event_type') }}

),

events_before as (

    select
        occurred_on,
        coalesce({{ key_of('visitor_id') }}, 0) as visitor_key,
        {{ key_of('event_id') }} as event_key
    from {{ ref('stg_web__events') }}
    where
        {{ was_read_before('web.events') }}
        and {{ is_followed('web', 'event_type') }}
        and (visitor_id is not null or email is not null)

),

-- What has loaded, and all that visitors did who have just named themselves. The events of visitors
-- who never do belong to nobody and are left out.
followed_events as (

    select
        coalesce(named_visitors.visitor_key, 0) as visitor_key,
        false as is_of_new_visitor,
        events.*
    from newly_loaded_events as events
    left join named_visitors on events.visitor_id = named_visitors.visitor_id
    where
        (not named_visitors.is_new and events.occurred_on >= named_visitors.read_from)
        or (events.visitor_id is null and events.email is not null)
    union all
    select
        named_visitors.visitor_key,
        true as is_of_new_visitor,
        events.*
    from new_visitors_events as events
    inner join named_visitors
        on
        events.visitor_id = named_visitors.visitor_id
        and named_visitors.is_new
        and events.occurred_on >= named_visitors.read_from

),

keyed as (

    select
        followed_events.visitor_key,
        followed_events.is_of_new_visitor,
        {{ key_of('followed_events.email') }} as email_key,
        {{ key_of('followed_events.event_id') }} as event_key,
        {{ event_kind_key(
            'web', 'event_type', url_path=url_path('url'), search_term='search_term'
        ) }} as kind_key,
        coalesce(user_agents.is_crawler, false) as is_crawler,
        followed_events.occurred_on,
        followed_events._loaded_at
    from followed_events
    left join user_agents on followed_events.user_agent = user_agents.user_agent

),

-- Ids that come again of what an earlier run has read; of new visitors none has been.
read_before as (

    select distinct
        keyed.occurred_on,
        keyed.visitor_key,
        keyed.event_key
    from keyed
    inner join events_before
        on
        keyed.occurred_on = events_before.occurred_on
        and keyed.event_key = events_before.event_key
        and keyed.visitor_key = events_before.visitor_key
    where not keyed.is_of_new_visitor

),

repeated as (

    select
        occurred_on,
        visitor_key,
        event_key
    from keyed
    group by occurred_on, visitor_key, event_key
    having count(*) > 1

),

marked as (

    select
        keyed.*,
        repeated.event_key is not null as is_repeated,
        read_before.event_key is not null as was_read_before
    from keyed
    left join repeated
        on
        keyed.occurred_on = repeated.occurred_on
        and keyed.event_key = repeated.event_key
        and keyed.visitor_key = repeated.visitor_key
    left join read_before
        on
        keyed.occurred_on = read_before.occurred_on
        and keyed.event_key = read_before.event_key
        and keyed.visitor_key = read_before.visitor_key

),

-- The copy that loaded first counts; what came once, nearly everything, is not sorted for that.
copies as (

    select
        *,
        1 as copy_number
    from marked
    where not is_repeated
    union all
    select
        *,
        row_number() over (
            partition by occurred_on, visitor_key, event_key
            order by _loaded_at, kind_key, is_crawler, email_key
        ) as copy_number
    from marked
    where is_repeated

),

counted as (

    select
        nullif(visitor_key, 0) as visitor_key,
        email_key,
        kind_key,
        occurred_on,
        cast(_loaded_at as date) as known_on,
        copy_number = 1 and not was_read_before as is_first,
        is_crawler
    from copies

)

select
    'web.events' as table_name,
    visitor_key,
    email_key,
    kind_key,
    occurred_on,
    known_on,
    count(*) as row_count,
    count(case when is_first then 1 end) as seen_count,
    count(case when is_first and not is_crawler then 1 end) as event_count
from counted
group by visitor_key, email_key, kind_key, occurred_on, known_on
