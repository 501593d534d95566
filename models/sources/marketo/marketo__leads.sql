{%- set names = marketo_fields().keys() | list -%}
with

leads as (

    {{ read_vendor_table('marketo', 'lead') }}

),

changes as (

    select * from {{ ref('marketo__changes') }}
    where is_last

),

people as (

    select * from {{ ref('marketo__people') }}

),

{{ property_versions('changes', 'lead_id', names) }},

known_leads as (

    select
        leads.*,
        {%- for name, column in marketo_fields().items() %}
        leads.{{ column }} as property_{{ name }},
        {%- endfor %}
        last_changes.changed_at is not null as has_changed,
        people.is_merged and people.merged_at is null as was_always_merged,
        case
            when people.is_merged then people.merged_at
            when people.deleted_at is not null then people.deleted_at
            when leads._fivetran_deleted then leads._fivetran_synced
        end as removed_at,
        coalesce(leads.updated_at, last_changes.changed_at, leads.created_at) as version_at
    from leads
    left join people on leads.id = people.id
    left join last_changes on leads.id = last_changes.lead_id

),

versions as (

    select
        known_leads.id,
        {{ past_columns(names, 'known_leads') }}
        known_leads.was_always_merged as is_deleted,
        past.changed_at as version_at,
        coalesce(past.loaded_at, past.changed_at) as loaded_at
    from past
    inner join known_leads on past.lead_id = known_leads.id
    where past.changed_at < known_leads.version_at
    and (known_leads.removed_at is null or past.changed_at < known_leads.removed_at)
    union all
    select
        id,
        {{ present_columns(names) }}
        was_always_merged as is_deleted,
        version_at,
        coalesce(_fivetran_synced, version_at) as loaded_at
    from known_leads
    where removed_at is null or version_at is null or version_at < removed_at
    union all
    -- In whom nothing that is read has ever changed has been as today from the first day on: what
    -- updated_at tells of may be any field.
    select
        id,
        {{ present_columns(names) }}
        was_always_merged as is_deleted,
        created_at as version_at,
        coalesce(_fivetran_synced, created_at) as loaded_at
    from known_leads
    where not has_changed and created_at < version_at
    and (removed_at is null or created_at < removed_at)
    union all
    select
        id,
        {{ present_columns(names) }}
        true as is_deleted,
        removed_at as version_at,
        coalesce(_fivetran_synced, removed_at) as loaded_at
    from known_leads
    where removed_at is not null

)

select
    {{ vendor_key('marketo', 'versions.id') }} as lead_id,
    known_leads.email,
    versions.firstname as first_name,
    versions.lastname as last_name,
    versions.phone,
    versions.title as job_title,
    versions.company as company_name,
    {{ web_host('versions.website') }} as company_domain,
    versions.industry,
    {{ plain_number('versions.numberofemployees') }} as employee_count,
    {{ plain_number('versions.annualrevenue') }} as annual_revenue,
    versions.country,
    versions.state as region,
    versions.city,
    versions.inferredcompany as ip_organization,
    coalesce(versions.leadsource, known_leads.original_source_type) as lead_source,
    {{ vendor_key('salesforce', 'known_leads.sfdc_account_id') }} as account_id,
    {{ vendor_key('marketo', 'versions.leadownerid') }} as owner_id,
    versions.leadstatus as lifecycle_stage,
    case
        when lower(versions.blacklisted) in ('true', '1') then 'true'
        else versions.unsubscribed
    end as do_not_contact,
    versions.is_deleted,
    known_leads.created_at__given as created_at,
    versions.version_at as updated_at,
    versions.loaded_at as _loaded_at,
    known_leads._file_name
from versions
inner join known_leads on versions.id = known_leads.id
