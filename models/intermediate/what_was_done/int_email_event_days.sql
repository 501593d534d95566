{{ config(
    materialized='incremental',
    incremental_strategy='append',
    partition_by='occurred_on',
    pre_hook="{{ delete_changed_loads('email.events') }}"
) }}

-- By whole days: whether a click is a machine's is told by what else happened within seconds of it,
-- and that may load weeks before or after it.
with

email_events as (

    select * from {{ ref('stg_email__events') }}

),

scanner_clicks as (

    select * from {{ ref('int_scanner_clicks') }}

),

followed_events as (

    select
        event_id,
        {{ key_of('email') }} as email_key,
        {{ event_kind_key('email', 'event_type', url_path='url_path', campaign_id='campaign_id') }}
            as kind_key,
        coalesce(
            event_type = 'open' and {{ any_pattern_is_found(
                'user_agent', ref('machine_user_agents'), "kind = 'privacy_proxy'"
            ) }}
            or {{ any_pattern_is_found(
                'user_agent', ref('machine_user_agents'), "kind = 'source'"
            ) }},
            false
        ) as is_machine,
        event_type = 'click' as is_click,
        occurred_on,
        _loaded_at
    from email_events
    where {{ is_on_changed_day('email.events') }} and {{ is_followed('email', 'event_type') }}

),

-- The copy that loaded first counts.
copies as (

    select
        *,
        cast(_loaded_at as date) as known_on,
        row_number() over (
            partition by occurred_on, {{ key_of('event_id') }}
            order by _loaded_at, kind_key, is_machine, email_key
        ) as copy_number
    from followed_events

),

-- A click may be known some days before the other that shows it to be a scanner's: until then it
-- is a person's, from then on it is not.
steps as (

    select
        email_key,
        kind_key,
        occurred_on,
        known_on,
        1 as row_count,
        case when copy_number = 1 then 1 else 0 end as seen_count,
        case when copy_number = 1 and not is_machine then 1 else 0 end as event_count
    from copies
    union all
    select
        copies.email_key,
        copies.kind_key,
        copies.occurred_on,
        greatest(copies.known_on, scanner_clicks.known_on) as known_on,
        0 as row_count,
        0 as seen_count,
        -1 as event_count
    from copies
    inner join scanner_clicks
        on
        copies.event_id = scanner_clicks.event_id
        and copies.occurred_on = scanner_clicks.occurred_on
    where copies.copy_number = 1 and copies.is_click and not copies.is_machine

)

select
    'email.events' as table_name,
    email_key,
    kind_key,
    occurred_on,
    known_on,
    cast(sum(row_count) as {{ dbt.type_bigint() }}) as row_count,
    cast(sum(seen_count) as {{ dbt.type_bigint() }}) as seen_count,
    cast(sum(event_count) as {{ dbt.type_bigint() }}) as event_count
from steps
group by email_key, kind_key, occurred_on, known_on
