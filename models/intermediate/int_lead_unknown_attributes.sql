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

-- A field that hangs on another one, as an account's name on the account.
needed_fields as (

    select
        needing.attribute as field,
        needing.field as needed_field
    from attribute_fields as needing
    inner join attribute_fields as own
        on needing.attribute = own.attribute and needing.attribute = own.field
    where needing.attribute <> needing.field

),

fields_out_of_reach as (

    select distinct
        missing_fields.as_of_date,
        missing_fields.lead_id,
        needed_fields.field
    from missing_fields
    inner join needed_fields
        on
        missing_fields.field = needed_fields.needed_field
        and missing_fields.attribute = needed_fields.field

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
        > 0 as is_settled,
        fields_out_of_reach.lead_id is null as is_in_reach
    from missing_fields
    inner join lead_attributes
        on
        missing_fields.as_of_date = lead_attributes.as_of_date
        and missing_fields.lead_id = lead_attributes.lead_id
        and missing_fields.attribute = lead_attributes.attribute
    left join fields_out_of_reach
        on
        missing_fields.as_of_date = fields_out_of_reach.as_of_date
        and missing_fields.lead_id = fields_out_of_reach.lead_id
        and missing_fields.field = fields_out_of_reach.field

)

select * from unknown_attributes
