with

test_operands as (

    select * from {{ ref('test_operands') }}

),

numbered_values as (

    select
        row_number() over (order by attribute, value) as value_no,
        attribute,
        value
    from {{ ref('projected_values') }}
    group by attribute, value

),

met_values as (

    {{ match_values('numbered_values', 'test_operands', ref('attribute_tests')) }}

)

select
    numbered_values.attribute,
    numbered_values.value,
    met_values.test_no
from numbered_values
inner join met_values on numbered_values.value_no = met_values.value_no
