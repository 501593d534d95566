with

contacts as (

    {{ read_vendor_table('hubspot', 'contact') }}

),

changes as (

    {{ read_vendor_table('hubspot', 'contact_property_history') }}

),

merged as (

    select * from {{ ref('hubspot__merges') }}

),

{{ property_versions('changes', 'contact_id', contact_properties()) }},

people as (

    select
        contacts.*,
        merged.loser_id is not null and merged.merged_at is null as was_always_merged,
        coalesce(
            merged.merged_at,
            case when contacts._fivetran_deleted then contacts._fivetran_synced end
        ) as removed_at,
        coalesce(
            contacts.property_lastmodifieddate,
            greatest(last_changes.changed_at, contacts.property_createdate),
            last_changes.changed_at,
            contacts.property_createdate
        ) as updated_at
    from contacts
    left join merged on contacts.id = merged.loser_id
    left join last_changes on contacts.id = last_changes.contact_id

),

versions as (

    select
        people.id,
        people.property_email,
        {{ past_columns(contact_properties(), 'people') }}
        people.was_always_merged as is_deleted,
        people.property_createdate__given as created_at,
        past.changed_at as updated_at,
        coalesce(past.loaded_at, past.changed_at) as loaded_at,
        past._file_name
    from past
    inner join people on past.contact_id = people.id
    where
        past.changed_at < people.updated_at
        and (people.removed_at is null or past.changed_at < people.removed_at)
    union all
    select
        id,
        property_email,
        {{ present_columns(contact_properties()) }}
        was_always_merged as is_deleted,
        property_createdate__given as created_at,
        updated_at,
        coalesce(_fivetran_synced, updated_at) as loaded_at,
        _file_name
    from people
    where removed_at is null or updated_at is null or updated_at < removed_at
    union all
    select
        id,
        property_email,
        {{ present_columns(contact_properties()) }}
        true as is_deleted,
        property_createdate__given as created_at,
        removed_at as updated_at,
        coalesce(_fivetran_synced, removed_at) as loaded_at,
        _file_name
    from people
    where removed_at is not null

)

select
    {{ vendor_key('hubspot', 'id') }} as lead_id,
    property_email as email,
    firstname as first_name,
    lastname as last_name,
    phone,
    jobtitle as job_title,
    company as company_name,
    {{ web_host('website') }} as company_domain,
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
    loaded_at as _loaded_at,
    _file_name
from versions
