with

events as (

    select
        *,
        -- A form is named by the page before it, a link and a page by themselves.
        case
            when kind = '2' then coalesce(webpage_url, referrer_url)
            else coalesce(webpage_url, primary_attribute_value)
        end as address
    from {{ ref('marketo__events') }}
    where table_name = 'web.events' and left_out is null

)

-- A visitor of their own, who names themselves: which browser it was Marketo does not tell.
select
    {{ vendor_key('marketo', 'id') }} as event_id,
    {{ vendor_key('marketo', 'person_id') }} as visitor_id,
    person_email as email,
    meaning as event_type,
    case
        when address like '/%' or address like '%://%' then address
        else 'https://' || address
    end as url,
    referrer_url as referrer,
    user_agent,
    activity_date__given as occurred_at,
    coalesce(_fivetran_synced, activity_date) as _loaded_at,
    _file_name
from events
