with

engagements as (

    select * from {{ ref('hubspot__engagements') }}
    where left_out is null

),

members as (

    {{ read_vendor_table('hubspot', 'contact_list_member') }}

),

lists as (

    {{ read_vendor_table('hubspot', 'contact_list') }}

),

merged as (

    select * from {{ ref('hubspot__merges') }}

),

list_names as (

    select
        id,
        max(name) as name
    from lists
    group by id

),

activities as (

    select
        'engagement:' || engagement_id as id,
        contact_id,
        case
            when kind = 'meeting' and outcome not in ('completed', 'scheduled')
                then 'meeting_' || replace(outcome, ' ', '_')
            when is_incoming then 'incoming_email'
            else kind
        end as activity_type,
        subject,
        occurred_at,
        -- What was planned when it was loaded is known to have been on its day.
        case
            when _fivetran_synced is null or occurred_at > _fivetran_synced then occurred_at
            else _fivetran_synced
        end as loaded_at,
        _file_name
    from engagements
    union all
    select
        'list:' || members.contact_list_id as id,
        members.contact_id,
        'list_added' as activity_type,
        list_names.name as subject,
        members.added_at as occurred_at,
        coalesce(members._fivetran_synced, members.added_at) as loaded_at,
        members._file_name
    from members
    left join list_names on members.contact_list_id = list_names.id

),

named as (

    select
        activities.*,
        coalesce(merged.survivor_id, activities.contact_id) as person_id
    from activities
    left join merged on activities.contact_id = merged.loser_id

)

-- One of several people is one for each of them; of two who were merged it is one.
select
    {{ vendor_key('hubspot', 'id') }} || ':' || person_id as activity_id,
    {{ vendor_key('hubspot', 'person_id') }} as lead_id,
    activity_type,
    subject,
    occurred_at,
    loaded_at as _loaded_at,
    _file_name
from named
