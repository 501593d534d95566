with

profiles as (

    select * from {{ ref('int_lead_profiles') }}

),

custom_attributes as (

    select * from {{ ref('int_lead_custom_attributes') }}

),

key_fields as (

    select * from {{ ref('model_key_fields') }}

),

attribute_rules as (

    select * from {{ ref('attribute_rules') }}

),

model_tiers as (

    select * from {{ ref('model_tiers') }}

),

attribute_fields as (

    select * from {{ ref('attribute_fields') }}

),

asked_for as (

    select attribute from attribute_rules
    union
    select attribute from key_fields
    union
    select trim({{ split_to_rows('required_fields') }}) as attribute from model_tiers

),

-- With the fields that they hang on: whether these are missing says what may still change.
named_attributes as (

    select attribute from asked_for
    union
    select attribute_fields.field as attribute
    from attribute_fields
    inner join asked_for on attribute_fields.attribute = asked_for.attribute

),

stacked_columns as (

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
        'active_days_30', 'activity_surge', 'activity_state']
    ) }}

),

stated_values as (

    select
        stacked_columns.as_of_date,
        stacked_columns.lead_id,
        stacked_columns.attribute,
        stacked_columns.value
    from stacked_columns
    inner join named_attributes on stacked_columns.attribute = named_attributes.attribute
    where stacked_columns.value is not null

),

-- A filled column of the same name wins over a custom attribute.
custom_values as (

    select
        custom_attributes.as_of_date,
        custom_attributes.lead_id,
        custom_attributes.attribute,
        custom_attributes.value
    from custom_attributes
    inner join named_attributes on custom_attributes.attribute = named_attributes.attribute
    left join stated_values
        on custom_attributes.as_of_date = stated_values.as_of_date
        and custom_attributes.lead_id = stated_values.lead_id
        and custom_attributes.attribute = stated_values.attribute
    where stated_values.lead_id is null

),

filled_values as (

    select * from stated_values
    union all
    select * from custom_values

),

-- Missing is a value of its own, so that the operator `missing` can be met.
lead_attributes as (

    select
        profiles.as_of_date,
        profiles.lead_id,
        named_attributes.attribute,
        coalesce(filled_values.value, '') as value
    from profiles
    cross join named_attributes
    left join filled_values
        on profiles.as_of_date = filled_values.as_of_date
        and profiles.lead_id = filled_values.lead_id
        and named_attributes.attribute = filled_values.attribute
    where named_attributes.attribute <> 'completeness_pct'

)

select * from lead_attributes
