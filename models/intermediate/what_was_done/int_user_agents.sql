{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='user_agent'
) }}

-- A user agent is held against the patterns once, however many events it sent: there are more than
-- a thousand patterns, and few user agents. Unusable rows are looked at too: that costs less than
-- to tell them apart. A column and no condition: that one DuckDB would ask of every event.
with

web_events as (

    select * from {{ ref('base_web__events') }}

),

user_agents as (

    select distinct user_agent from web_events
    where {{ is_newly_loaded('web.events') }}

)

select
    user_agent,
    {{ any_pattern_is_found(
        'user_agent', ref('machine_user_agents'), "kind in ('crawler', 'source')"
    ) }}
        as is_crawler
from user_agents
where user_agent is not null
