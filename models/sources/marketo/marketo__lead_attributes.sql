with

leads as (

    {{ read_vendor_table('marketo', 'lead', marketo_columns()) }}

),

changes as (

    select * from {{ ref('marketo__changes') }}
    where is_last

),

changed_fields as (

    select distinct
        lead_id,
        name
    from changes

),

made as (

    {{ unpivot_fields('leads', var('marketo_fields'), 'created_at') }}
    select
        id,
        cast(null as {{ dbt.type_string() }}) as attribute,
        cast(null as {{ dbt.type_string() }}) as value,
        created_at as updated_at,
        _fivetran_synced,
        _file_name
    from leads
    where 1 = 0

),

versions as (

    {{ unpivot_fields('leads', var('marketo_fields')) }}
    select
        lead_id as id,
        case name
            when '' then ''
            {%- for bare, name in marketo_custom_fields().items() %}
            when '{{ bare }}' then '{{ name }}'
            {%- endfor %}
        end as attribute,
        value,
        timestamp as updated_at,
        _fivetran_synced,
        _file_name
    from changes
    where name in {{ as_list(marketo_custom_fields()) }}
    union all
    -- What has never changed has been so from the first day on.
    select made.*
    from made
    left join changed_fields
        on made.id = changed_fields.lead_id
        and {{ bare_name('made.attribute') }} = changed_fields.name
    where changed_fields.lead_id is null

)

select
    {{ vendor_key('marketo', 'id') }} as lead_id,
    attribute,
    value,
    updated_at,
    coalesce(_fivetran_synced, updated_at) as _loaded_at,
    _file_name
from versions
