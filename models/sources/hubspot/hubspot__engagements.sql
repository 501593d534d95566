{{ config(materialized='table') }}

with

engagements as (

    {{ read_engagements() }}

),

index_rows as (

    {{ read_vendor_table('hubspot', 'engagement') }}

),

contacts as (

    {{ read_vendor_table('hubspot', 'engagement_contact') }}

),

links as (

    select distinct
        engagement_id,
        contact_id
    from contacts
    where contact_id is not null and not coalesce(_fivetran_deleted, false)

),

-- Each has a row in the table of its kind; of what has none the table of all tells the time.
known_engagements as (

    select
        'engagement_' || kind as vendor_table,
        kind,
        engagement_id,
        lower(coalesce(property_hs_meeting_outcome, meeting_outcome)) as outcome,
        upper(property_hs_email_direction) = 'INCOMING_EMAIL' as is_incoming,
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
            else coalesce(start_time, property_hs_timestamp, property_hs_createdate)
        end as occurred_at,
        _fivetran_deleted,
        _fivetran_synced,
        _file_name
    from engagements
    union all
    select
        'engagement' as vendor_table,
        lower(type) as kind,
        id as engagement_id,
        null as outcome,
        false as is_incoming,
        null as subject,
        coalesce(timestamp, created_at) as occurred_at,
        _fivetran_deleted,
        _fivetran_synced,
        _file_name
    from index_rows
    where id not in (
        select engagement_id from engagements
        where engagement_id is not null
    )

)

select
    known_engagements.*,
    links.contact_id,
    case
        when coalesce(known_engagements._fivetran_deleted, false) then 'was deleted'
        when links.contact_id is null then 'names no contact'
        when known_engagements.occurred_at > {{ latest_time() }}
            then 'is planned: it counts from its day on'
    end as left_out
from known_engagements
left join links on known_engagements.engagement_id = links.engagement_id
