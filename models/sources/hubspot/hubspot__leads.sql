{%- set properties = [
    'email', 'firstname', 'lastname', 'phone', 'jobtitle', 'company', 'industry', 'numemployees',
    'annualrevenue', 'country', 'hs_country_region_code', 'state', 'city', 'hs_analytics_source',
    'associatedcompanyid', 'hubspot_owner_id', 'lifecyclestage', 'hs_email_optout',
] -%}
{%- set columns = {
    'id': 'text',
    'property_createdate': 'timestamp',
    'property_lastmodifieddate': 'timestamp',
    '_fivetran_deleted': 'boolean',
    '_fivetran_synced': 'timestamp',
} -%}
{%- for name in properties -%}
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

moments as (

    select
        contact_id,
        timestamp as changed_at,
        max(_fivetran_synced) as loaded_at,
        {%- for name in properties %}
        max(case when name = '{{ name }}' then 1 end) as {{ name }}_change,
        max(case when name = '{{ name }}' then value end) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from changes
    where timestamp is not null
    and name in ('{{ properties | join("', '") }}')
    group by contact_id, timestamp

),

-- Of each property the number of the change that holds at the moment: a cleared value holds too.
numbered as (

    select
        *,
        {%- for name in properties %}
        count({{ name }}_change) over (
            partition by contact_id order by changed_at
        ) as {{ name }}_number{{ ',' if not loop.last }}
        {%- endfor %}
    from moments

),

past as (

    select
        contact_id,
        changed_at,
        loaded_at,
        {%- for name in properties %}
        max({{ name }}) over (
            partition by contact_id, {{ name }}_number
        ) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from numbered

),

last_changes as (

    select
        contact_id,
        max(changed_at) as changed_at
    from moments
    group by contact_id

),

people as (

    select
        contacts.*,
        merges.loser_id is not null and merges.merged_at is null as was_always_merged,
        coalesce(
            merges.merged_at,
            case when contacts._fivetran_deleted then contacts._fivetran_synced end
        ) as removed_at,
        coalesce(
            contacts.property_lastmodifieddate,
            greatest(last_changes.changed_at, contacts.property_createdate),
            last_changes.changed_at,
            contacts.property_createdate
        ) as updated_at
    from contacts
    left join {{ ref('hubspot__merges') }} as merges on contacts.id = merges.loser_id
    left join last_changes on contacts.id = last_changes.contact_id

),

versions as (

    select
        people.id,
        {%- for name in properties %}
        past.{{ name }},
        {%- endfor %}
        people.was_always_merged as is_deleted,
        people.property_createdate as created_at,
        past.changed_at as updated_at,
        past.loaded_at
    from past
    inner join people on past.contact_id = people.id
    where past.changed_at < people.updated_at
    and (people.removed_at is null or past.changed_at < people.removed_at)
    union all
    select
        id,
        {%- for name in properties %}
        property_{{ name }} as {{ name }},
        {%- endfor %}
        was_always_merged as is_deleted,
        property_createdate as created_at,
        updated_at,
        _fivetran_synced as loaded_at
    from people
    where removed_at is null or updated_at < removed_at
    union all
    select
        id,
        {%- for name in properties %}
        property_{{ name }} as {{ name }},
        {%- endfor %}
        true as is_deleted,
        property_createdate as created_at,
        removed_at as updated_at,
        _fivetran_synced as loaded_at
    from people
    where removed_at is not null

)

select
    {{ vendor_key('hubspot', 'id') }} as lead_id,
    email,
    firstname as first_name,
    lastname as last_name,
    phone,
    jobtitle as job_title,
    company as company_name,
    industry,
    {{ plain_number('numemployees') }} as employee_count,
    {{ plain_number('annualrevenue') }} as annual_revenue,
    coalesce(hs_country_region_code, country) as country,
    state as region,
    city,
    hs_analytics_source as lead_source,
    {{ vendor_key('hubspot', 'associatedcompanyid') }} as account_id,
    {{ vendor_key('hubspot', 'hubspot_owner_id') }} as owner_id,
    lifecyclestage as lifecycle_stage,
    hs_email_optout as do_not_contact,
    is_deleted,
    created_at,
    updated_at,
    loaded_at as _loaded_at
from versions
