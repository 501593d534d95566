with

versions as (

    select * from {{ ref('salesforce__account_versions') }}

),

currencies as (

    select * from {{ ref('salesforce__currencies') }}

),

removed as (

    select id from versions
    where is_newest and is_deleted and id is not null

)

select
    {{ vendor_key('salesforce', 'versions.id') }} as account_id,
    versions.name as account_name,
    {{ web_host('versions.website') }} as domain,
    versions.industry,
    {{ plain_number('versions.number_of_employees') }} as employee_count,
    {{ plain_amount(
        'versions.annual_revenue', 'versions.currency_iso_code', 'currencies.factor'
    ) }} as annual_revenue,
    coalesce(versions.billing_country_code, versions.billing_country) as country,
    coalesce(lower(versions.type) like 'customer%', false) as is_customer,
    versions.updated_at,
    versions.loaded_at as _loaded_at,
    versions._file_name
from versions
left join currencies on upper(versions.currency_iso_code) = currencies.iso_code
left join removed on versions.id = removed.id
where removed.id is null
