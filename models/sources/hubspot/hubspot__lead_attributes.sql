with

changes as (

    {{ read_vendor_table('hubspot', 'contact_property_history') }}

),

versions as (

    {{ unpivot_hubspot_fields() }}
    select
        contact_id as id,
        name as attribute,
        value,
        timestamp as updated_at,
        _fivetran_synced,
        _file_name
    from changes
    where name in ('{{ var('hubspot_fields') | join("', '") }}')

)

select
    {{ vendor_key('hubspot', 'id') }} as lead_id,
    attribute,
    value,
    updated_at,
    coalesce(_fivetran_synced, updated_at) as _loaded_at,
    _file_name
from versions
