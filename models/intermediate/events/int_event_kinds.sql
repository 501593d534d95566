{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='kind_key'
) }}

with

kinds as (

    select distinct
        {{ event_kind_key('web', 'event_type', url_path='url_path', search_term='search_term') }}
            as kind_key,
        'web' as channel,
        event_type,
        url_path,
        search_term,
        cast(null as {{ dbt.type_string() }}) as campaign_id,
        cast(null as {{ dbt.type_string() }}) as product,
        cast(null as {{ dbt.type_string() }}) as subject
    from {{ ref('stg_web__events') }}
    where {{ is_on_changed_day('web.events') }} and {{ is_followed('web', 'event_type') }}
    union all
    select distinct
        {{ event_kind_key('email', 'event_type', url_path='url_path', campaign_id='campaign_id') }}
            as kind_key,
        'email' as channel,
        event_type,
        url_path,
        cast(null as {{ dbt.type_string() }}) as search_term,
        campaign_id,
        cast(null as {{ dbt.type_string() }}) as product,
        cast(null as {{ dbt.type_string() }}) as subject
    from {{ ref('stg_email__events') }}
    where {{ is_on_changed_day('email.events') }} and {{ is_followed('email', 'event_type') }}
    union all
    select distinct
        {{ event_kind_key('crm', 'activity_type', product='product', subject='subject') }}
            as kind_key,
        'crm' as channel,
        activity_type as event_type,
        cast(null as {{ dbt.type_string() }}) as url_path,
        cast(null as {{ dbt.type_string() }}) as search_term,
        cast(null as {{ dbt.type_string() }}) as campaign_id,
        product,
        subject
    from {{ ref('stg_crm__activities') }}
    where {{ is_on_changed_day('crm.activities') }} and {{ is_followed('crm', 'activity_type') }}

)

select
    kind_key,
    channel,
    coalesce(event_type, '') as event_type,
    coalesce(url_path, '') as url_path,
    coalesce(search_term, '') as search_term,
    coalesce(campaign_id, '') as campaign_id,
    coalesce(product, '') as product,
    coalesce(subject, '') as subject
from kinds
