{%- set fields = var('hubspot_fields', []) -%}
{%- set columns = {
    'id': 'text',
    'property_createdate': 'timestamp',
    'property_lastmodifieddate': 'timestamp',
    '_fivetran_synced': 'timestamp',
} -%}
{%- for name in fields -%}
    {%- do columns.update({'property_' ~ name: 'text'}) -%}
{%- endfor -%}

with

contacts as (

    {{ read_vendor_table('hubspot', 'contact', columns) }}

),

changes as (

    {{ read_vendor_table('hubspot', 'contact_property_history', {
        'contact_id': 'text', 'name': 'text', 'value': 'text', 'timestamp': 'timestamp',
        '_fivetran_synced': 'timestamp'
    }) }}

),

versions as (

    {% for name in fields -%}
    select
        id,
        '{{ name }}' as attribute,
        property_{{ name }} as value,
        coalesce(property_lastmodifieddate, property_createdate) as updated_at,
        _fivetran_synced
    from contacts
    where property_{{ name }} is not null
    union all
    {% endfor -%}
    select
        contact_id as id,
        name as attribute,
        value,
        timestamp as updated_at,
        _fivetran_synced
    from changes
    where name in ('{{ (fields or ['']) | join("', '") }}')

)

select
    {{ vendor_key('hubspot', 'id') }} as lead_id,
    attribute,
    value,
    updated_at,
    _fivetran_synced as _loaded_at
from versions
