with

companies as (

    {{ read_vendor_table('hubspot', 'company', {
        'id': 'text', 'property_name': 'text', 'property_domain': 'text', 'property_industry': 'text',
        'property_numberofemployees': 'text', 'property_annualrevenue': 'text',
        'property_country': 'text', 'property_hs_country_code': 'text',
        'property_lifecyclestage': 'text', 'property_createdate': 'timestamp',
        'property_hs_lastmodifieddate': 'timestamp', 'is_deleted': 'boolean',
        '_fivetran_deleted': 'boolean', '_fivetran_synced': 'timestamp'
    }) }}

)

select
    {{ vendor_key('hubspot', 'id') }} as account_id,
    property_name as account_name,
    property_domain as domain,
    property_industry as industry,
    {{ plain_number('property_numberofemployees') }} as employee_count,
    {{ plain_number('property_annualrevenue') }} as annual_revenue,
    coalesce(property_hs_country_code, property_country) as country,
    property_lifecyclestage = 'customer' as is_customer,
    coalesce(property_hs_lastmodifieddate, property_createdate) as updated_at,
    _fivetran_synced as _loaded_at
from companies
where not coalesce(is_deleted, _fivetran_deleted, false)
