with

happenings as (

    select * from {{ ref('pardot__happenings') }}
    where field = 'email_event' and left_out is null

)

select
    {{ vendor_key('pardot', 'id') }} as event_id,
    email,
    {{ vendor_key('pardot', 'campaign_id') }} as campaign_id,
    meaning as event_type,
    case when {{ matches_pattern('details', '^https?://.*$') }} then details end as url,
    created_at__given as occurred_at,
    {{ later_of('_fivetran_synced', 'created_at') }} as _loaded_at,
    _file_name
from happenings
