-- What is of a lead that is not there has the lead's id for an address: it is kept, and nobody's.
select
    {{ vendor_key('marketo', 'id') }} as event_id,
    coalesce(person_email, email, {{ vendor_key('marketo', 'person_id') }}) as email,
    {{ vendor_key('marketo', 'primary_attribute_value_id') }} as campaign_id,
    meaning as event_type,
    link as url,
    -- Marketo's own verdict is said by a name that machine_user_agents.csv knows.
    case when is_bot_activity then 'machine: Marketo' else user_agent end as user_agent,
    activity_date__given as occurred_at,
    coalesce(_fivetran_synced, activity_date) as _loaded_at,
    _file_name
from {{ ref('marketo__events') }}
where table_name = 'email.events' and left_out is null
