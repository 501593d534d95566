with

lead_unknown_sets as (

    select * from {{ ref('int_lead_unknown_sets') }}

),

lead_values as (

    select * from {{ ref('lead_values') }}

),

field_links as (

    select * from {{ ref('int_field_links') }}

),

attribute_values as (

    select * from {{ ref('attribute_values') }}

),

settled_conditions as (

    select * from {{ ref('int_lead_settled_conditions') }}

),

-- What a set holds is read off one lead that has it.
ranked_examples as (

    select
        *,
        row_number() over (partition by set_no order by as_of_date, lead_no) as place
    from lead_unknown_sets

),

example_values as (

    select
        ranked_examples.set_no,
        lead_values.attribute_no,
        lead_values.value_no,
        settled_conditions.lead_no is not null as is_settled_condition
    from ranked_examples
    inner join lead_values
        on
        ranked_examples.as_of_date = lead_values.as_of_date
        and ranked_examples.lead_no = lead_values.lead_no
    left join settled_conditions
        on
        lead_values.as_of_date = settled_conditions.as_of_date
        and lead_values.lead_no = settled_conditions.lead_no
        and lead_values.attribute_no = settled_conditions.attribute_no
    where ranked_examples.place = 1

),

missing_fields as (

    select
        example_values.set_no,
        field_links.field_no,
        field_links.attribute_no,
        field_links.settled_by
    from example_values
    inner join field_links on example_values.value_no = field_links.missing_value_no

),

-- A field that hangs on another one, as an account's name on the account.
needed_fields as (

    select
        needing.attribute_no as field_no,
        needing.field_no as needed_field_no
    from field_links as needing
    inner join field_links as own
        on needing.attribute_no = own.attribute_no and needing.attribute_no = own.field_no
    where needing.attribute_no <> needing.field_no

),

fields_out_of_reach as (

    select distinct
        missing_fields.set_no,
        needed_fields.field_no
    from missing_fields
    inner join needed_fields
        on
        missing_fields.field_no = needed_fields.needed_field_no
        and missing_fields.attribute_no = needed_fields.field_no

)

-- Of an attribute that hangs on several fields something may be known already.
select
    missing_fields.set_no,
    missing_fields.field_no,
    attribute_values.attribute,
    example_values.value_no,
    attribute_values.value = '' as is_missing,
    example_values.is_settled_condition
    or (
        attribute_values.value <> ''
        and position(
            '|' || attribute_values.value || '|' in '|' || missing_fields.settled_by || '|'
        ) > 0
    ) as is_settled,
    fields_out_of_reach.set_no is null as is_in_reach
from missing_fields
inner join example_values
    on
    missing_fields.set_no = example_values.set_no
    and missing_fields.attribute_no = example_values.attribute_no
inner join attribute_values on example_values.value_no = attribute_values.value_no
left join fields_out_of_reach
    on
    missing_fields.set_no = fields_out_of_reach.set_no
    and missing_fields.field_no = fields_out_of_reach.field_no
