with

events as (

    select * from {{ ref('snowplow__events') }}
    where left_out is null

),

words as (

    {{ web_words('snowplow') }}

)

select
    {{ vendor_key('snowplow', 'events.event_id') }} as event_id,
    {{ vendor_key('snowplow', 'events.visitor_id') }} as visitor_id,
    events.user_id,
    {{ address_in('events.user_id') }} as email,
    coalesce(words.meaning, events.event_name) as event_type,
    events.page_url as url,
    case
        when words.meaning = 'search'
            then coalesce({{ search_term_in('events.page_url') }}, events.se_label)
    end as search_term,
    events.page_referrer as referrer,
    coalesce(events.machine, events.useragent) as user_agent,
    events.occurred_at,
    events.loaded_at as _loaded_at,
    events._file_name
from events
left join words on {{ event_word('events.event_name') }} = words.word
