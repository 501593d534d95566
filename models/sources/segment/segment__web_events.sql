with

events as (

    select * from {{ ref('segment__events') }}
    where left_out is null

),

users as (

    select * from {{ ref('segment__users') }}

),

words as (

    {{ web_words('segment') }}

)

-- A server that knows no browser sends the id of the user alone. Whom the id names counts before an
-- address that was given once.
select
    {{ vendor_key('segment', 'events.id') }} as event_id,
    {{ vendor_key(
        'segment',
        "coalesce(events.anonymous_id, 'user:' || coalesce(events.user_id, events.email))"
    ) }} as visitor_id,
    events.user_id,
    coalesce(users.email, events.email, {{ address_in('events.user_id') }}) as email,
    coalesce(words.meaning, events.event_name) as event_type,
    events.url,
    case when words.meaning = 'search' then {{ search_term_in('events.url') }} end as search_term,
    events.referrer,
    events.user_agent,
    events.occurred_at,
    coalesce(events.received_at, events.event_time) as _loaded_at,
    events._file_name
from events
left join users on events.user_id = users.user_id
left join words on {{ event_word('events.event_name') }} = words.word
