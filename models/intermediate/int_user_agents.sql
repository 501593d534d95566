with

web_events as (

    select * from {{ ref('stg_web__events') }}

),

email_events as (

    select * from {{ ref('stg_email__events') }}

),

machine_patterns as (

    select * from {{ ref('machine_patterns') }}

),

user_agents as (

    select user_agent from web_events
    where user_agent is not null
    union
    select user_agent from email_events
    where user_agent is not null

),

machine_user_agents as (

    select distinct
        user_agents.user_agent,
        machine_patterns.kind
    from user_agents
    inner join machine_patterns
        on {{ pattern_is_found('user_agents.user_agent', 'machine_patterns.pattern') }}

)

select * from machine_user_agents
