-- depends_on: {{ ref('rule_book_problems') }}
with

attributes as (

    select * from {{ ref('attributes') }}

),

custom_attributes as (

    select * from {{ ref('custom_attributes') }}

),

fields as (

    select
        trim(attribute) as attribute,
        {{ split_to_rows('known_by') }} as field
    from attributes
    where trim(known_by) <> ''
    union all
    select
        trim(attribute) as attribute,
        trim(attribute) as field
    from custom_attributes

),

-- A custom attribute may have the name of a column.
attribute_fields as (

    select distinct
        fields.attribute,
        trim(fields.field) as field,
        coalesce(trim(attributes.settled_by), '') as settled_by
    from fields
    left join attributes on fields.attribute = trim(attributes.attribute)

)

select * from attribute_fields
