with

engagements as (

    select * from {{ ref('hubspot__engagements') }}
    where left_out is null

),

submissions as (

    {{ read_vendor_table('hubspot', 'contact_form_submission', {
        'contact_id': 'text', 'conversion_id': 'text', 'form_id': 'text', 'title': 'text',
        'timestamp': 'timestamp', '_fivetran_synced': 'timestamp'
    }) }}

),

members as (

    {{ read_vendor_table('hubspot', 'contact_list_member', {
        'contact_id': 'text', 'contact_list_id': 'text', 'added_at': 'timestamp',
        '_fivetran_synced': 'timestamp'
    }) }}

),

lists as (

    {{ read_vendor_table('hubspot', 'contact_list', {'id': 'text', 'name': 'text'}) }}

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
            when kind = 'meeting' and lower(outcome) not in ('completed', 'scheduled')
                then 'meeting_' || lower(outcome)
            else kind
        end as activity_type,
        subject,
        occurred_at,
        -- What was planned when it was loaded is known to have been on its day.
        case when occurred_at > _fivetran_synced then occurred_at else _fivetran_synced end
            as loaded_at
    from engagements
    union all
    select
        'form:' || coalesce(conversion_id, form_id || ':' || cast(timestamp as {{ dbt.type_string() }})) as id,
        contact_id,
        'form_submit' as activity_type,
        title as subject,
        timestamp as occurred_at,
        _fivetran_synced as loaded_at
    from submissions
    union all
    select
        'list:' || members.contact_list_id || ':' || cast(members.added_at as {{ dbt.type_string() }}) as id,
        members.contact_id,
        'list_added' as activity_type,
        list_names.name as subject,
        members.added_at as occurred_at,
        members._fivetran_synced as loaded_at
    from members
    left join list_names on members.contact_list_id = list_names.id

)

select
    {{ vendor_key('hubspot', 'activities.id') }} as activity_id,
    {{ vendor_key('hubspot', 'coalesce(merges.survivor_id, activities.contact_id)') }} as lead_id,
    activities.activity_type,
    activities.subject,
    activities.occurred_at,
    activities.loaded_at as _loaded_at
from activities
left join {{ ref('hubspot__merges') }} as merges on activities.contact_id = merges.loser_id
