with

attribute_fields as (

    select * from {{ ref('attribute_fields') }}

),

named_attributes as (

    select * from {{ ref('named_attributes') }}

),

attribute_values as (

    select * from {{ ref('attribute_values') }}
    where value = ''

)

select
    attributes.attribute_no,
    attribute_fields.attribute,
    fields.attribute_no as field_no,
    attribute_fields.field,
    attribute_values.value_no as missing_value_no,
    attribute_fields.settled_by
from attribute_fields
inner join named_attributes as attributes on attribute_fields.attribute = attributes.attribute
inner join named_attributes as fields on attribute_fields.field = fields.attribute
inner join attribute_values on attribute_fields.field = attribute_values.attribute
