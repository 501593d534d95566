with

events as (

    {{ read_vendor_table('hubspot', 'email_event') }}

),

clicks as (

    {{ read_vendor_table('hubspot', 'email_event_click') }}

),

opens as (

    {{ read_vendor_table('hubspot', 'email_event_open') }}

),

bounces as (

    {{ read_vendor_table('hubspot', 'email_event_bounce') }}

),

status_changes as (

    {{ read_vendor_table('hubspot', 'email_event_status_change') }}

),

addresses as (

    select * from {{ ref('hubspot__addresses') }}

),

parts as (

    select
        id,
        url,
        user_agent,
        null as word
    from clicks
    union all
    select
        id,
        null as url,
        user_agent,
        null as word
    from opens
    union all
    select
        id,
        null as url,
        null as user_agent,
        category as word
    from bounces
    union all
    select
        id,
        null as url,
        null as user_agent,
        portal_subscription_status as word
    from status_changes

),

details as (

    select
        id,
        max(url) as url,
        max(user_agent) as user_agent,
        max(lower(word)) as word
    from parts
    group by id

),

words as (

    select * from {{ ref('source_words') }}
    where vendor = 'hubspot' and field = 'email_event'

)

select
    {{ vendor_key('hubspot', 'events.id') }} as event_id,
    coalesce(addresses.email, events.recipient) as email,
    {{ vendor_key('hubspot', 'events.email_campaign_id') }} as campaign_id,
    coalesce(words_in_full.meaning, words.meaning, lower(events.type)) as event_type,
    details.url,
    -- HubSpot's own verdict is said by a name that machine_user_agents.csv knows.
    case when events.filtered_event then 'machine: HubSpot' else details.user_agent end
        as user_agent,
    events.created__given as occurred_at,
    coalesce(events._fivetran_synced, events.created) as _loaded_at,
    events._file_name
from events
left join details on events.id = details.id
left join addresses on lower(trim(events.recipient)) = addresses.address
left join words on lower(events.type) = words.word
left join words as words_in_full
    on lower(events.type) || ' ' || details.word = words_in_full.word
