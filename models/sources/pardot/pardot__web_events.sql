with

happenings as (

    select * from {{ ref('pardot__happenings') }}
    where field = 'web_event' and left_out is null

)

select
    {{ vendor_key('pardot', 'id') }} as event_id,
    coalesce(
        {{ vendor_key('pardot', 'visitor_id') }}, {{ vendor_key('pardot:prospect', 'person_id') }}
    ) as visitor_id,
    email,
    meaning as event_type,
    case when {{ matches_pattern('details', '^https?://.*$') }} then details end as url,
    case when meaning = 'search' then details end as search_term,
    created_at__given as occurred_at,
    {{ later_of('_fivetran_synced', 'created_at') }} as _loaded_at,
    _file_name
from happenings
