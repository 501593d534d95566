{%- set kinds = ['call', 'communication', 'email', 'meeting', 'note', 'task'] -%}

with

engagements as (

    {% for kind in kinds -%}
    select
        '{{ kind }}' as kind,
        read_rows.*
    from (
        {{ read_vendor_table('hubspot', 'engagement_' ~ kind, {
            'engagement_id': 'text', 'property_hs_timestamp': 'timestamp', 'timestamp': 'timestamp',
            'start_time': 'timestamp', 'property_hs_createdate': 'timestamp',
            'property_hs_task_completion_date': 'timestamp', 'completion_date': 'timestamp',
            'title': 'text', 'property_hs_call_title': 'text', 'property_hs_meeting_title': 'text',
            'property_hs_email_subject': 'text', 'property_hs_task_subject': 'text',
            'meeting_outcome': 'text', 'property_hs_meeting_outcome': 'text',
            '_fivetran_deleted': 'boolean',
            '_fivetran_synced': 'timestamp'
        }) }}
    ) as read_rows
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

contacts as (

    {{ read_vendor_table('hubspot', 'engagement_contact', {
        'engagement_id': 'text', 'contact_id': 'text', '_fivetran_deleted': 'boolean'
    }) }}

),

timed as (

    select
        kind,
        engagement_id,
        coalesce(meeting_outcome, property_hs_meeting_outcome) as outcome,
        coalesce(
            title,
            property_hs_call_title,
            property_hs_meeting_title,
            property_hs_email_subject,
            property_hs_task_subject
        ) as subject,
        -- The time of a task is when it is due: what counts is when it was done, or else written.
        case
            when kind = 'task'
                then coalesce(
                    property_hs_task_completion_date, completion_date, property_hs_createdate
                )
            else coalesce(property_hs_timestamp, timestamp, start_time, property_hs_createdate)
        end as occurred_at,
        coalesce(_fivetran_deleted, false) as is_deleted,
        _fivetran_synced
    from engagements

)

select
    timed.*,
    contacts.contact_id,
    case
        when timed.is_deleted then 'was deleted'
        when contacts.contact_id is null then 'names no contact'
        when timed.occurred_at > {{ latest_time() }} then 'is planned: it counts on its day'
    end as left_out
from timed
left join contacts
    on timed.engagement_id = contacts.engagement_id
    and not coalesce(contacts._fivetran_deleted, false)
