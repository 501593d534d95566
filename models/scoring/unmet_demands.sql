with

model_tiers as (

    select * from {{ ref('model_tiers') }}

),

lead_values as (

    select * from {{ ref('lead_values') }}

),

attribute_values as (

    select * from {{ ref('attribute_values') }}

),

scoped_attributes as (

    select * from {{ ref('scoped_attributes') }}

),

lead_numbers as (

    select * from {{ ref('int_lead_numbers') }}

),

demands as (

    select
        model_id,
        tier,
        {{ split_to_trimmed_rows('required_fields') }} as attribute
    from model_tiers
    where required_fields is not null

),

missing_values as (

    select
        demands.model_id,
        demands.tier,
        demands.attribute,
        attribute_values.value_no
    from demands
    left join scoped_attributes
        on
        demands.model_id = scoped_attributes.model_id
        and demands.attribute = scoped_attributes.attribute
    inner join attribute_values
        on
        coalesce(scoped_attributes.attribute_key, demands.attribute) = attribute_values.attribute
        and attribute_values.value = ''

)

select
    lead_values.as_of_date,
    missing_values.model_id,
    lead_numbers.lead_id,
    missing_values.tier,
    {{ dbt.listagg('missing_values.attribute', "'|'", 'order by missing_values.attribute') }}
        as missing_fields
from missing_values
inner join lead_values on missing_values.value_no = lead_values.value_no
inner join lead_numbers on lead_values.lead_no = lead_numbers.lead_no
group by
    lead_values.as_of_date, missing_values.model_id, lead_numbers.lead_id, missing_values.tier
