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
        coalesce(
            property_hs_task_completion_date,
            completion_date,
            case when kind <> 'task' then start_time end,
            case when kind <> 'task' then property_hs_timestamp end,
            property_hs_createdate
        ) as occurred_at,
        _fivetran_deleted,
        _fivetran_synced,
        _file_name
    from engagements
    union all
    select
        'engagement' as vendor_table,
        lower(index_rows.type) as kind,
        index_rows.id as engagement_id,
        null as outcome,
        false as is_incoming,
        null as subject,
        coalesce(index_rows.timestamp, index_rows.created_at) as occurred_at,
        index_rows._fivetran_deleted,
        index_rows._fivetran_synced,
        index_rows._file_name
    from index_rows
    left join engagements on index_rows.id = engagements.engagement_id
    where engagements.engagement_id is null

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
