with

prospects as (

    {{ read_pardot('prospect') }}

),

known as (

    select
        *,
        case
            when coalesce(_fivetran_deleted, false)
                then {{ later_of('_fivetran_synced', 'updated_at') }}
        end as removed_at
    from prospects

),

-- What lies in the recycle bin is deleted until it is taken out again.
versions as (

    select
        known.*,
        coalesce(is_archived, false)
        or removed_at is not null and not coalesce(removed_at > updated_at, false) as is_deleted,
        updated_at__given as began_at,
        {{ later_of('_fivetran_synced', 'updated_at') }} as loaded_at
    from known
    union all
    select
        known.*,
        true as is_deleted,
        cast(removed_at as {{ dbt.type_string() }}) as began_at,
        removed_at as loaded_at
    from known
    where removed_at > updated_at

)

select
    {{ vendor_key('pardot', 'id') }} as lead_id,
    email,
    first_name,
    last_name,
    phone,
    job_title,
    company as company_name,
    {{ web_host('website') }} as company_domain,
    industry,
    {{ plain_number('employees') }} as employee_count,
    {{ plain_number('annual_revenue') }} as annual_revenue,
    country,
    state as region,
    city,
    source as lead_source,
    coalesce(
        {{ vendor_key('salesforce', salesforce_id('crm_account_fid')) }},
        {{ vendor_key('pardot', 'prospect_account_id') }}
    ) as account_id,
    coalesce(
        {{ vendor_key('salesforce', salesforce_id('crm_owner_fid')) }},
        {{ vendor_key('pardot', 'user_id') }}
    ) as owner_id,
    coalesce(opted_out, false) or coalesce(is_do_not_email, false) as do_not_contact,
    is_deleted,
    created_at__given as created_at,
    coalesce(began_at, created_at__given) as updated_at,
    loaded_at as _loaded_at,
    _file_name
from versions
