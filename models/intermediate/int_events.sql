{{ config(materialized='view') }}

with

web_events as (

    select * from {{ ref('stg_web__events') }}

),

email_events as (

    select * from {{ ref('stg_email__events') }}

),

crm_activities as (

    select * from {{ ref('stg_crm__activities') }}

),

campaigns as (

    select * from {{ ref('int_campaigns') }}

),

known_visitors as (

    select * from {{ ref('int_known_visitors') }}

),

user_agents as (

    select * from {{ ref('int_user_agents') }}

),

scanner_clicks as (

    select * from {{ ref('int_scanner_clicks') }}

),

-- The events of visitors who never named themselves belong to nobody and are left out.
events as (

    select
        'web' as channel,
        cast(null as {{ dbt.type_string() }}) as lead_id,
        web_events.email,
        web_events.visitor_id,
        web_events.event_type,
        coalesce(web_events.url_path, '') as url_path,
        coalesce(web_events.search_term, '') as search_term,
        '' as topic,
        '' as campaign_name,
        '' as product,
        '' as subject,
        web_events.occurred_at,
        user_agents.kind as machine_reason
    from web_events
    left join known_visitors on web_events.visitor_id = known_visitors.visitor_id
    left join user_agents
        on web_events.user_agent = user_agents.user_agent and user_agents.kind = 'crawler'
    where web_events.email is not null or known_visitors.visitor_id is not null
    union all
    select
        'email' as channel,
        cast(null as {{ dbt.type_string() }}) as lead_id,
        email_events.email,
        cast(null as {{ dbt.type_string() }}) as visitor_id,
        email_events.event_type,
        coalesce(email_events.url_path, '') as url_path,
        '' as search_term,
        coalesce(campaigns.topic, '') as topic,
        coalesce(campaigns.campaign_name, '') as campaign_name,
        coalesce(campaigns.product, '') as product,
        '' as subject,
        email_events.occurred_at,
        case
            when scanner_clicks.event_id is not null then 'link_scanner'
            when email_events.event_type = 'open' then user_agents.kind
        end as machine_reason
    from email_events
    left join campaigns on email_events.campaign_id = campaigns.campaign_id
    left join scanner_clicks on email_events.event_id = scanner_clicks.event_id
    left join user_agents
        on
        email_events.user_agent = user_agents.user_agent
        and user_agents.kind = 'privacy_proxy'
    union all
    select
        'crm' as channel,
        lead_id,
        cast(null as {{ dbt.type_string() }}) as email,
        cast(null as {{ dbt.type_string() }}) as visitor_id,
        activity_type as event_type,
        '' as url_path,
        '' as search_term,
        '' as topic,
        '' as campaign_name,
        coalesce(product, '') as product,
        coalesce(subject, '') as subject,
        occurred_at,
        cast(null as {{ dbt.type_string() }}) as machine_reason
    from crm_activities

)

select
    channel,
    lead_id,
    email,
    visitor_id,
    coalesce(event_type, '') as event_type,
    url_path,
    search_term,
    topic,
    campaign_name,
    product,
    subject,
    occurred_at,
    machine_reason
from events
