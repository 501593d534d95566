with

leads as (

    select * from {{ ref('int_leads') }}

),

lead_values as (

    select
        as_of_date,
        lead_no,
        value_no
    from {{ ref('int_lead_values') }}
    union all
    select
        as_of_date,
        lead_no,
        value_no
    from {{ ref('int_lead_conditions') }}

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

named_attributes as (

    select * from {{ ref('named_attributes') }}

),

model_fields as (

    select
        scored_models.model_no,
        key_fields.model_id,
        attribute_values.value_no as missing_value_no
    from key_fields
    inner join scored_models on key_fields.model_id = scored_models.model_id
    inner join attribute_values
        on key_fields.attribute_key = attribute_values.attribute and attribute_values.value = ''

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
    named_attributes.attribute_no,
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
    completeness_steps.attribute_key = attribute_values.attribute
    and completeness_steps.value = attribute_values.value
left join named_attributes on completeness_steps.attribute_key = named_attributes.attribute
