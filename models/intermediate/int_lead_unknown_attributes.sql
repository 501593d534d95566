with

lead_attributes as (

    select * from {{ ref('int_lead_attributes') }}

),

attribute_fields as (

    select * from {{ ref('attribute_fields') }}

),

missing_fields as (

    select
        lead_attributes.as_of_date,
        lead_attributes.lead_id,
        attribute_fields.field,
        attribute_fields.attribute,
        attribute_fields.settled_by
    from lead_attributes
    inner join attribute_fields on lead_attributes.attribute = attribute_fields.field
    where lead_attributes.value = ''

),

-- Of an attribute that hangs on several fields something may be known already.
unknown_attributes as (

    select
        missing_fields.as_of_date,
        missing_fields.lead_id,
        missing_fields.field,
        missing_fields.attribute,
        lead_attributes.value,
        lead_attributes.value <> ''
        and position('|' || lead_attributes.value || '|' in '|' || missing_fields.settled_by || '|')
        > 0 as is_settled
    from missing_fields
    inner join lead_attributes
        on
        missing_fields.as_of_date = lead_attributes.as_of_date
        and missing_fields.lead_id = lead_attributes.lead_id
        and missing_fields.attribute = lead_attributes.attribute

)

select * from unknown_attributes
