with

rules as (

    select * from {{ ref('rules') }}
    where kind = 'attribute' and model_no is not null

),

key_fields as (

    select * from {{ ref('model_key_fields') }}

),

model_tiers as (

    select * from {{ ref('model_tiers') }}

),

attribute_fields as (

    select * from {{ ref('attribute_fields') }}

),

custom_attributes as (

    select distinct trim(attribute) as attribute
    from {{ ref('custom_attributes') }}

),

asked_for as (

    select attribute from rules
    union
    select attribute from key_fields
    union
    select trim({{ split_to_rows('required_fields') }}) as attribute from model_tiers

),

-- With the fields that they hang on: whether these are missing says what may still change.
named as (

    select attribute from asked_for
    union
    select attribute_fields.field as attribute
    from attribute_fields
    inner join asked_for on attribute_fields.attribute = asked_for.attribute

),

fields as (

    select
        attribute,
        max(case when field <> attribute then 1 else 0 end) as hangs_on_others
    from attribute_fields
    group by attribute

)

select
    cast(row_number() over (order by named.attribute) as integer) as attribute_no,
    named.attribute,
    custom_attributes.attribute is not null as is_custom,
    coalesce(fields.hangs_on_others, 0) = 1 as hangs_on_others
from named
left join custom_attributes on named.attribute = custom_attributes.attribute
left join fields on named.attribute = fields.attribute
where named.attribute <> 'completeness_pct'
