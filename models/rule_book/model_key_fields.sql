-- depends_on: {{ ref('rule_book_problems') }}
with

key_fields as (

    select * from {{ ref('key_fields') }}

),

scoped_attributes as (

    select * from {{ ref('scoped_attributes') }}

),

model_key_fields as (

    select
        trim(model_id) as model_id,
        trim(attribute) as attribute
    from key_fields

)

-- A share of the key fields is no key field itself.
select
    model_key_fields.model_id,
    model_key_fields.attribute,
    coalesce(scoped_attributes.attribute_key, model_key_fields.attribute) as attribute_key
from model_key_fields
left join scoped_attributes
    on
    model_key_fields.model_id = scoped_attributes.model_id
    and model_key_fields.attribute = scoped_attributes.attribute
where model_key_fields.attribute <> 'completeness_pct'
