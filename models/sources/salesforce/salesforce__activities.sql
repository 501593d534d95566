with

appointments as (

    select * from {{ ref('salesforce__appointments') }}
    where left_out is null

),

people as (

    select * from {{ ref('salesforce__people') }}

),

named as (

    select
        appointments.*,
        coalesce(people.person_id, appointments.record_id) as person_id
    from appointments
    left join people on appointments.record_id = people.record_id

)

select
    {{ vendor_key('salesforce', 'id') }} as activity_id,
    {{ vendor_key('salesforce', 'person_id') }} as lead_id,
    activity_type,
    subject,
    product,
    occurred_at_given as occurred_at,
    -- What was planned when it was loaded is known to have been on its day.
    {{ later_of('_fivetran_synced', 'occurred_at') }} as _loaded_at,
    _file_name
from named
