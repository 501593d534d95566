with

events as (

    select * from {{ ref('ga4__events') }}
    where left_out is null

),

words as (

    {{ web_words('ga4') }}

)

select
    {{ vendor_key('ga4', 'coalesce(events._fivetran_id, ' ~ ga4_event_key('events') ~ ')') }}
        as event_id,
    {{ vendor_key('ga4', "coalesce(events.user_pseudo_id, 'user:' || events.user_id)") }}
        as visitor_id,
    events.user_id,
    {{ address_in('events.user_id') }} as email,
    coalesce(words.meaning, events.event_name) as event_type,
    events.url,
    case
        when words.meaning = 'search'
            then coalesce(events.search_term, {{ search_term_in('events.url') }})
    end as search_term,
    events.referrer,
    cast(null as {{ dbt.type_string() }}) as user_agent,
    events.occurred_at,
    coalesce(events._fivetran_synced, events.event_time) as _loaded_at,
    events._file_name
from events
left join words on {{ event_word('events.event_name') }} = words.word
