with

accounts as (

    {{ newest_versions('accounts', 'account_id') }}

)

select
    as_of_date,
    account_id,
    account_name,
    domain as account_domain,
    industry as account_industry,
    employee_count as account_employee_count,
    annual_revenue as account_annual_revenue,
    country as account_country,
    is_customer as account_is_customer
from accounts
