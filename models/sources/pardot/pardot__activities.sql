with

happenings as (

    select * from {{ ref('pardot__happenings') }}
    where field = 'activity' and left_out is null

),

members as (

    {{ read_pardot('list_membership') }}

),

lists as (

    {{ read_pardot('list') }}

),

activities as (

    select
        id,
        person_id,
        meaning as activity_type,
        details as subject,
        created_at,
        created_at__given,
        _fivetran_synced,
        _file_name
    from happenings
    union all
    select
        'list:' || members.id as id,
        members.prospect_id as person_id,
        case when members.opted_out then 'list_opted_out' else 'list_added' end as activity_type,
        coalesce(lists.title, lists.name) as subject,
        case when members.opted_out then members.updated_at else members.created_at end
            as created_at,
        case
            when members.opted_out then members.updated_at__given
            else members.created_at__given
        end as created_at__given,
        members._fivetran_synced,
        members._file_name
    from members
    left join lists on members.list_id = lists.id
    where not coalesce(members._fivetran_deleted, false)

)

select
    {{ vendor_key('pardot', 'id') }} as activity_id,
    {{ vendor_key('pardot', 'person_id') }} as lead_id,
    activity_type,
    subject,
    created_at__given as occurred_at,
    {{ later_of('_fivetran_synced', 'created_at') }} as _loaded_at,
    _file_name
from activities
