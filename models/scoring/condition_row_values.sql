with

value_tests as (

    select * from {{ ref('value_tests') }}

),

attribute_values as (

    select * from {{ ref('attribute_values') }}
    where value = ''

),

named_attributes as (

    select * from {{ ref('named_attributes') }}

),

condition_rows as (

    select * from {{ ref('condition_rows') }}

),

states as (

    select
        condition_rows.condition_row_no,
        value_tests.value_no,
        1 as met_rows,
        0 as unknown_rows,
        greatest(condition_rows.valid_from, value_tests.met_from) as valid_from,
        least(condition_rows.valid_to, value_tests.met_until) as valid_to
    from condition_rows
    inner join value_tests on condition_rows.test_no = value_tests.test_no
    union all
    -- Whether a row holds is unknown where its attribute is, but for those that ask just that.
    select
        condition_rows.condition_row_no,
        attribute_values.value_no,
        0 as met_rows,
        1 as unknown_rows,
        condition_rows.valid_from,
        condition_rows.valid_to
    from condition_rows
    inner join attribute_values on condition_rows.attribute_key = attribute_values.attribute
    where condition_rows.operator not in ('missing', 'present')

)

select
    named_attributes.attribute_no,
    states.*
from states
inner join condition_rows on states.condition_row_no = condition_rows.condition_row_no
inner join named_attributes on condition_rows.condition_key = named_attributes.attribute
