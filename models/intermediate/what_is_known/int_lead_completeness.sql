with

leads as (

    select * from {{ ref('int_leads') }}

),

lead_values as (

    select * from {{ ref('int_lead_values') }}

),

attribute_values as (

    select * from {{ ref('attribute_values') }}

),

key_fields as (

    select * from {{ ref('model_key_fields') }}

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

completeness_steps as (

    select * from {{ ref('completeness_steps') }}

),

-- A share of the key fields is no key field itself.
model_fields as (

    select
        scored_models.model_no,
        key_fields.model_id,
        attribute_values.value_no as missing_value_no
    from key_fields
    inner join scored_models on key_fields.model_id = scored_models.model_id
    inner join attribute_values
        on key_fields.attribute = attribute_values.attribute and attribute_values.value = ''
    where key_fields.attribute <> 'completeness_pct'

),

fields_of_models as (

    select
        model_no,
        model_id,
        count(*) as key_fields
    from model_fields
    group by model_no, model_id

),

missing as (

    select
        lead_values.as_of_date,
        model_fields.model_no,
        lead_values.lead_no,
        count(*) as missing_fields
    from lead_values
    inner join model_fields on lead_values.value_no = model_fields.missing_value_no
    group by lead_values.as_of_date, model_fields.model_no, lead_values.lead_no

)

select
    leads.as_of_date,
    fields_of_models.model_no,
    leads.lead_no,
    completeness_steps.filled_fields,
    completeness_steps.completeness_pct,
    attribute_values.value_no
from leads
cross join fields_of_models
left join missing
    on
    leads.as_of_date = missing.as_of_date
    and fields_of_models.model_no = missing.model_no
    and leads.lead_no = missing.lead_no
inner join completeness_steps
    on
    fields_of_models.model_id = completeness_steps.model_id
    and fields_of_models.key_fields - coalesce(missing.missing_fields, 0)
    = completeness_steps.filled_fields
inner join attribute_values
    on
    attribute_values.attribute = 'completeness_pct'
    and cast(completeness_steps.completeness_pct as {{ dbt.type_string() }})
    = attribute_values.value
