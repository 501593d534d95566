-- depends_on: {{ ref('rule_book_problems') }}
with

attributes as (

    select * from {{ ref('attributes') }}

),

custom_attributes as (

    select * from {{ ref('custom_attributes') }}

),

scoped_attributes as (

    select * from {{ ref('scoped_attributes') }}

),

condition_chains as (

    select * from {{ ref('condition_chains') }}

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

fields_of_products as (

    select
        attribute,
        field
    from fields
    union all
    select
        scoped_attributes.attribute_key as attribute,
        fields.field
    from scoped_attributes
    inner join fields on scoped_attributes.attribute = fields.attribute
    where scoped_attributes.attribute_key <> scoped_attributes.attribute

),

-- A condition hangs on what its rows hang on, and the conditions that they name.
fields_of_all as (

    select
        attribute,
        field
    from fields_of_products
    union all
    select
        condition_chains.condition_key as attribute,
        fields_of_products.field
    from condition_chains
    inner join fields_of_products
        on condition_chains.attribute_key = fields_of_products.attribute

),

-- A custom attribute may have the name of a column.
attribute_fields as (

    select distinct
        fields_of_all.attribute,
        trim(fields_of_all.field) as field,
        coalesce(trim(attributes.settled_by), '') as settled_by
    from fields_of_all
    left join attributes on fields_of_all.attribute = trim(attributes.attribute)

)

select * from attribute_fields
