{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook=["{{ delete_changed_days('web.events') }}", "{{ delete_late_visitors() }}"]
) }}

with

web_events as (

    select * from {{ ref('stg_web__events') }}
    where {{ is_followed('web', 'event_type') }}

),

-- Clients are few: each is looked at once, not once per event.
user_agents as (

    select distinct user_agent
    from web_events
    where {{ is_on_changed_day('web.events') }} or {{ is_of_late_visitor() }}

),

crawlers as (

    select user_agent
    from user_agents
    where {{ any_pattern_is_found('user_agent', ref('machine_patterns'), "kind = 'crawler'") }}

),

named_visitors as (

    select * from {{ ref('int_named_visitors') }}

),

-- The events of visitors who never named themselves belong to nobody and are left out.
followed_events as (

    select
        named_visitors.visitor_key,
        web_events.*
    from web_events
    inner join named_visitors on web_events.visitor_id = named_visitors.visitor_id
    where {{ is_on_changed_day('web.events') }}
    union all
    select
        cast(null as {{ dbt.type_bigint() }}) as visitor_key,
        *
    from web_events
    where {{ is_on_changed_day('web.events') }} and visitor_id is null and email is not null
    union all
    select
        named_visitors.visitor_key,
        web_events.*
    from web_events
    inner join named_visitors
        on
        web_events.visitor_id = named_visitors.visitor_id
        and named_visitors.is_new
        and web_events.occurred_on >= named_visitors.read_from
    where {{ is_of_late_visitor() }} and web_events.email is null

),

keyed as (

    select
        followed_events.visitor_key,
        {{ key_of('followed_events.email') }} as email_key,
        {{ key_of('followed_events.event_id') }} as event_key,
        {{ event_kind_key(
            'web',
            'followed_events.event_type',
            url_path='followed_events.url_path',
            search_term='followed_events.search_term'
        ) }} as kind_key,
        crawlers.user_agent is not null as is_crawler,
        followed_events.occurred_on,
        followed_events._loaded_at
    from followed_events
    left join crawlers on followed_events.user_agent = crawlers.user_agent

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
        repeated.event_key is not null as is_repeated
    from keyed
    left join repeated
        on
        keyed.occurred_on = repeated.occurred_on
        and keyed.event_key = repeated.event_key
        and coalesce(keyed.visitor_key, 0) = coalesce(repeated.visitor_key, 0)

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

)

select
    'web.events' as table_name,
    visitor_key,
    email_key,
    kind_key,
    occurred_on,
    cast(_loaded_at as date) as known_on,
    count(*) as row_count,
    count(case when copy_number = 1 then 1 end) as seen_count,
    count(case when copy_number = 1 and not is_crawler then 1 end) as event_count
from copies
group by visitor_key, email_key, kind_key, occurred_on, cast(_loaded_at as date)
