with

prospects as (

    {{ read_pardot('prospect', pardot_field_columns()) }}

),

versions as (

    {{ unpivot_fields('prospects', var('pardot_fields') | map('lower')) }}
    select
        id,
        cast(null as {{ dbt.type_string() }}) as attribute,
        cast(null as {{ dbt.type_string() }}) as value,
        updated_at,
        _fivetran_synced,
        _file_name
    from prospects
    where 1 = 0

)

select
    {{ vendor_key('pardot', 'id') }} as lead_id,
    attribute,
    value,
    updated_at,
    {{ later_of('_fivetran_synced', 'updated_at') }} as _loaded_at,
    _file_name
from versions
