-- Tasks, events and memberships in campaigns, and why one is left out.
with

tasks as (

    {{ read_salesforce('task') }}

),

events as (

    {{ read_salesforce('event') }}

),

members as (

    {{ read_salesforce('campaign_member') }}

),

campaigns as (

    {{ read_salesforce('campaign') }}

),

products as (

    {{ read_salesforce('product_2') }}

),

deals as (

    select * from {{ ref('salesforce__deals') }}

),

words as (

    select * from {{ ref('source_words') }}
    where vendor = 'salesforce'

),

appointments as (

    select
        'task' as vendor_table,
        id,
        who_id as record_id,
        what_id,
        lower(coalesce(nullif(task_subtype, 'Task'), type, 'task')) as kind,
        subject,
        -- When it was done; what was only written down afterwards has the day it was for.
        coalesce(completed_date_time, activity_date, created_date) as occurred_at,
        {{ first_given(['completed_date_time', 'activity_date', 'created_date']) }}
            as occurred_at_given,
        case
            when not coalesce(is_closed, lower(status) = 'completed', false)
                then 'is not completed'
            when is_recurrence then 'stands for a series: its days have rows of their own'
        end as unfit,
        {{ is_gone('tasks') }} as is_gone,
        _fivetran_synced,
        _file_name
    from tasks
    union all
    select
        'event' as vendor_table,
        id,
        who_id as record_id,
        what_id,
        lower(coalesce(nullif(event_subtype, 'Event'), type, 'meeting')) as kind,
        subject,
        coalesce(start_date_time, activity_date_time, activity_date, created_date) as occurred_at,
        {{ first_given([
            'start_date_time', 'activity_date_time', 'activity_date', 'created_date'
        ]) }} as occurred_at_given,
        case
            when is_child then 'is the copy of a meeting in another calendar'
            when is_recurrence then 'stands for a series: its days have rows of their own'
        end as unfit,
        {{ is_gone('events') }} as is_gone,
        _fivetran_synced,
        _file_name
    from events
    union all
    select
        'campaign_member' as vendor_table,
        members.id,
        coalesce(members.contact_id, members.lead_id) as record_id,
        null as what_id,
        lower(coalesce(campaigns.type, 'campaign') || ' ' || coalesce(members.status, 'sent'))
            as kind,
        campaigns.name as subject,
        case
            when members.has_responded
                then coalesce(members.first_responded_date, members.created_date)
            else members.created_date
        end as occurred_at,
        case
            when members.has_responded
                then {{ first_given(['members.first_responded_date', 'members.created_date']) }}
            else {{ first_given(['members.created_date']) }}
        end as occurred_at_given,
        null as unfit,
        {{ is_gone('members') }} as is_gone,
        members._fivetran_synced,
        members._file_name
    from members
    left join campaigns on members.campaign_id = campaigns.id

)

select
    appointments.vendor_table,
    appointments.id,
    appointments.record_id,
    coalesce(words.meaning, replace(appointments.kind, ' ', '_')) as activity_type,
    appointments.subject,
    coalesce(products.name, deals.product) as product,
    appointments.occurred_at,
    appointments.occurred_at_given,
    appointments._fivetran_synced,
    appointments._file_name,
    case
        when appointments.is_gone then 'was deleted'
        when appointments.unfit is not null then appointments.unfit
        when appointments.record_id is null then 'names no person'
        when appointments.occurred_at > {{ latest_time() }}
            then 'is planned: it counts from its day on'
    end as left_out
from appointments
left join words
    on appointments.vendor_table = words.field and appointments.kind = words.word
left join products on appointments.what_id = products.id
left join deals on appointments.what_id = deals.id
