{%- set soft = ['throttled', 'mailbox_full', 'greylisting', 'timeout', 'general', 'content', 'spam', 'policy', 'filtered'] -%}

with

events as (

    {{ read_vendor_table('hubspot', 'email_event', {
        'id': 'text', 'type': 'text', 'created': 'given', 'recipient': 'text',
        'email_campaign_id': 'text', 'filtered_event': 'boolean', '_fivetran_synced': 'given'
    }) }}

),

clicks as (

    {{ read_vendor_table('hubspot', 'email_event_click', {
        'id': 'text', 'url': 'text', 'user_agent': 'text'
    }) }}

),

opens as (

    {{ read_vendor_table('hubspot', 'email_event_open', {'id': 'text', 'user_agent': 'text'}) }}

),

bounces as (

    {{ read_vendor_table('hubspot', 'email_event_bounce', {'id': 'text', 'category': 'text'}) }}

),

status_changes as (

    {{ read_vendor_table('hubspot', 'email_event_status_change', {
        'id': 'text', 'portal_subscription_status': 'text'
    }) }}

),

details as (

    select
        id,
        max(url) as url,
        max(user_agent) as user_agent,
        max(category) as category,
        max(status) as status
    from (
        select
            id,
            url,
            user_agent,
            null as category,
            null as status
        from clicks
        union all
        select
            id,
            null as url,
            user_agent,
            null as category,
            null as status
        from opens
        union all
        select
            id,
            null as url,
            null as user_agent,
            lower(category) as category,
            null as status
        from bounces
        union all
        select
            id,
            null as url,
            null as user_agent,
            null as category,
            lower(portal_subscription_status) as status
        from status_changes
    ) as parts
    group by id

)

select
    {{ vendor_key('hubspot', 'events.id') }} as event_id,
    coalesce(addresses.email, events.recipient) as email,
    {{ vendor_key('hubspot', 'events.email_campaign_id') }} as campaign_id,
    case
        when lower(events.type) = 'bounce' and details.category in ('{{ soft | join("', '") }}')
            then 'soft_bounce'
        when lower(events.type) = 'statuschange' and details.status = 'unsubscribed'
            then 'unsubscribe'
        when lower(events.type) = 'spamreport' then 'complaint'
        else lower(events.type)
    end as event_type,
    details.url,
    -- HubSpot's own verdict goes before ours, as a client that machine_user_agents.csv knows.
    case
        when events.filtered_event
            then 'HubSpot filtered_event' || coalesce(' ' || details.user_agent, '')
        else details.user_agent
    end as user_agent,
    events.created as occurred_at,
    events._fivetran_synced as _loaded_at
from events
left join details on events.id = details.id
left join {{ ref('hubspot__addresses') }} as addresses
    on lower(events.recipient) = addresses.address
