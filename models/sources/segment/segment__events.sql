with

events as (

    {{ read_segment_events() }}

)

select
    vendor_table,
    id,
    anonymous_id,
    {{ known_user('user_id') }} as user_id,
    coalesce(email, context_traits_email) as email,
    case vendor_table
        when 'pages' then 'page_view'
        when 'screens' then 'screen_view'
        when 'identifies' then 'identify'
        else event
    end as event_name,
    coalesce(url, context_page_url) as url,
    coalesce(referrer, context_page_referrer) as referrer,
    context_user_agent as user_agent,
    timestamp as event_time,
    timestamp__given as occurred_at,
    received_at,
    _file_name,
    case
        when anonymous_id is null and {{ known_user('user_id') }} is null
            and coalesce(email, context_traits_email) is null then 'names nobody'
    end as left_out
from events
