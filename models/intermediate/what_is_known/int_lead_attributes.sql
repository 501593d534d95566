{{ config(materialized='view') }}

with

profiles as (

    select * from {{ ref('int_lead_profiles') }}

),

custom_attributes as (

    select * from {{ ref('int_lead_custom_attributes') }}

),

scoped_attributes as (

    select * from {{ ref('int_lead_scoped_attributes') }}

),

named_attributes as (

    select * from {{ ref('named_attributes') }}

),

column_values as (

    {{ stack_columns(
        'profiles',
        ['lead_id', 'email', 'first_name', 'last_name', 'phone', 'job_title', 'company_name',
        'company_domain', 'industry', 'employee_count', 'annual_revenue', 'country', 'region',
        'city', 'ip_organization', 'lead_source', 'account_id', 'owner_id', 'lifecycle_stage',
        'do_not_contact', 'is_deleted', 'created_at', 'updated_at', '_loaded_at', 'account_name',
        'account_domain', 'account_industry', 'account_employee_count', 'account_annual_revenue',
        'account_country', 'account_is_customer', 'email_domain', 'email_kind',
        'email_matches_company', 'job_level', 'job_function', 'name_quality', 'company_source',
        'phone_quality', 'won_opportunities', 'is_existing_customer', 'days_since_last_activity',
        'active_days_30', 'activity_surge', 'activity_state', 'lead_age_days'],
        ref('named_attributes')
    ) }}

),

custom_values as (

    select
        profiles.as_of_date,
        profiles.lead_no,
        named_attributes.attribute,
        custom_attributes.value
    from profiles
    cross join named_attributes
    left join custom_attributes
        on
        profiles.as_of_date = custom_attributes.as_of_date
        and profiles.lead_no = custom_attributes.lead_no
        and named_attributes.attribute = custom_attributes.attribute
    where named_attributes.is_custom

),

-- A filled column of the same name wins over a custom attribute.
filled_columns as (

    select column_values.*
    from column_values
    inner join named_attributes on column_values.attribute = named_attributes.attribute
    where named_attributes.is_custom and column_values.value is not null

),

all_values as (

    select column_values.*
    from column_values
    inner join named_attributes on column_values.attribute = named_attributes.attribute
    where not named_attributes.is_custom
    union all
    select * from filled_columns
    union all
    select custom_values.*
    from custom_values
    left join filled_columns
        on
        custom_values.as_of_date = filled_columns.as_of_date
        and custom_values.lead_no = filled_columns.lead_no
        and custom_values.attribute = filled_columns.attribute
    where filled_columns.lead_no is null
    union all
    select * from scoped_attributes

)

-- Missing is a value of its own, so that the operator `missing` can be met.
select
    as_of_date,
    lead_no,
    attribute,
    coalesce(value, '') as value
from all_values
