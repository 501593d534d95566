with

attribute_tests as (

    select * from {{ ref('attribute_tests') }}

),

key_fields as (

    select * from {{ ref('model_key_fields') }}

),

model_tiers as (

    select
        model_id,
        {{ split_to_trimmed_rows('required_fields') }} as attribute
    from {{ ref('model_tiers') }}

),

scoped_attributes as (

    select * from {{ ref('scoped_attributes') }}

),

attribute_fields as (

    select * from {{ ref('attribute_fields') }}

),

custom_attributes as (

    select distinct trim(attribute) as attribute
    from {{ ref('custom_attributes') }}

),

asked_for as (

    select attribute from attribute_tests
    union
    select attribute_key as attribute from key_fields
    union
    select coalesce(scoped_attributes.attribute_key, model_tiers.attribute) as attribute
    from model_tiers
    left join scoped_attributes
        on
        model_tiers.model_id = scoped_attributes.model_id
        and model_tiers.attribute = scoped_attributes.attribute
    where model_tiers.attribute is not null

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

),

kinds as (

    select
        attribute_key,
        min(kind) as kind,
        min(attribute) as written_attribute
    from scoped_attributes
    group by attribute_key

)

select
    cast(row_number() over (order by named.attribute) as integer) as attribute_no,
    named.attribute,
    kinds.kind,
    coalesce(kinds.written_attribute, named.attribute) as written_attribute,
    custom_attributes.attribute is not null as is_custom,
    coalesce(fields.hangs_on_others, 0) = 1 as hangs_on_others,
    coalesce(kinds.kind in ('condition', 'activities'), false)
    or coalesce(kinds.written_attribute, named.attribute) in (
        '{{ (recency_attributes() + attributes_that_grow()) | join("', '") }}'
    ) as moves_by_itself
from named
left join custom_attributes on named.attribute = custom_attributes.attribute
left join fields on named.attribute = fields.attribute
left join kinds on named.attribute = kinds.attribute_key
