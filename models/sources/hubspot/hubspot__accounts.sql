with

companies as (

    {{ read_vendor_table('hubspot', 'company') }}

),

changes as (

    {{ read_vendor_table('hubspot', 'company_property_history') }}

),

{{ property_versions('changes', 'company_id', company_properties()) }},

known_companies as (

    select
        companies.*,
        coalesce(
            companies.property_hs_lastmodifieddate,
            greatest(last_changes.changed_at, companies.property_createdate),
            last_changes.changed_at,
            companies.property_createdate
        ) as updated_at
    from companies
    left join last_changes on companies.id = last_changes.company_id
    where
        not coalesce(companies.is_deleted, false)
        and not coalesce(companies._fivetran_deleted, false)

),

versions as (

    select
        known_companies.id,
        {{ past_columns(company_properties(), 'known_companies') }}
        past.changed_at as updated_at,
        coalesce(past.loaded_at, past.changed_at) as loaded_at,
        past._file_name
    from past
    inner join known_companies on past.company_id = known_companies.id
    where past.changed_at < known_companies.updated_at
    union all
    select
        id,
        {{ present_columns(company_properties()) }}
        updated_at,
        coalesce(_fivetran_synced, updated_at) as loaded_at,
        _file_name
    from known_companies

)

select
    {{ vendor_key('hubspot', 'id') }} as account_id,
    name as account_name,
    {{ web_host('domain') }} as domain,
    industry,
    {{ plain_number('numberofemployees') }} as employee_count,
    {{ plain_number('annualrevenue') }} as annual_revenue,
    coalesce(hs_country_code, country) as country,
    coalesce(lifecyclestage = 'customer', false) as is_customer,
    updated_at,
    loaded_at as _loaded_at,
    _file_name
from versions
