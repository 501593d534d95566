{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='kind_key'
) }}

with

-- Few columns of all rows, also of those that cannot be used: no more is needed to know what
-- kinds there are.
web_events as (

    select distinct
        event_type,
        url,
        search_term
    from {{ ref('base_web__events') }}
    where {{ is_newly_loaded('web.events') }} and {{ is_followed('web', 'event_type') }}

),

email_events as (

    select distinct
        event_type,
        url,
        campaign_id
    from {{ ref('base_email__events') }}
    where {{ is_newly_loaded('email.events') }} and {{ is_followed('email', 'event_type') }}

),

crm_activities as (

    select distinct
        activity_type,
        product,
        subject
    from {{ ref('base_crm__activities') }}
    where {{ is_newly_loaded('crm.activities') }} and {{ is_followed('crm', 'activity_type') }}

),

kinds as (

    select
        'web' as channel,
        event_type,
        {{ url_path('url') }} as url_path,
        search_term,
        cast(null as {{ dbt.type_string() }}) as campaign_id,
        cast(null as {{ dbt.type_string() }}) as product,
        cast(null as {{ dbt.type_string() }}) as subject
    from web_events
    union
    select
        'email' as channel,
        event_type,
        {{ url_path('url') }} as url_path,
        cast(null as {{ dbt.type_string() }}) as search_term,
        campaign_id,
        cast(null as {{ dbt.type_string() }}) as product,
        cast(null as {{ dbt.type_string() }}) as subject
    from email_events
    union
    select
        'crm' as channel,
        activity_type as event_type,
        cast(null as {{ dbt.type_string() }}) as url_path,
        cast(null as {{ dbt.type_string() }}) as search_term,
        cast(null as {{ dbt.type_string() }}) as campaign_id,
        product,
        subject
    from crm_activities

),

filled as (

    select
        channel,
        coalesce(event_type, '') as event_type,
        coalesce(url_path, '') as url_path,
        coalesce(search_term, '') as search_term,
        coalesce(campaign_id, '') as campaign_id,
        coalesce(product, '') as product,
        coalesce(subject, '') as subject
    from kinds

)

select
    {{ key_of([
        'channel', 'event_type', 'url_path', 'search_term', 'campaign_id', 'product', 'subject'
    ]) }} as kind_key,
    *
from filled
