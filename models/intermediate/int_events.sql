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

events as (

    select
        'web' as channel,
        cast(null as {{ dbt.type_string() }}) as lead_id,
        email,
        visitor_id,
        event_type,
        coalesce(url_path, '') as url_path,
        coalesce(search_term, '') as search_term,
        '' as topic,
        '' as campaign_name,
        '' as product,
        '' as subject,
        occurred_at
    from web_events
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
        email_events.occurred_at
    from email_events
    left join campaigns on email_events.campaign_id = campaigns.campaign_id
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
        occurred_at
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
    occurred_at
from events
