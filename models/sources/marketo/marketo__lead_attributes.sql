with

leads as (

    {{ read_vendor_table('marketo', 'lead', marketo_columns()) }}

),

changes as (

    select * from {{ ref('marketo__changes') }}
    where is_last

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

)

select
    {{ vendor_key('marketo', 'id') }} as lead_id,
    attribute,
    value,
    updated_at,
    coalesce(_fivetran_synced, updated_at) as _loaded_at,
    _file_name
from versions
