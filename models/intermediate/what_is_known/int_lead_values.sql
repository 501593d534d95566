with

lead_attributes as (

    select * from {{ ref('int_lead_attributes') }}

),

attribute_values as (

    select * from {{ ref('attribute_values') }}

),

named_attributes as (

    select * from {{ ref('named_attributes') }}

),

value_tests as (

    select distinct value_no from {{ ref('value_tests') }}

),

-- What meets no test, is not missing and tells all there is to know is not asked for again.
kept_values as (

    select
        attribute_values.value_no,
        named_attributes.attribute_no,
        attribute_values.attribute,
        attribute_values.value
    from attribute_values
    inner join named_attributes on attribute_values.attribute = named_attributes.attribute
    left join value_tests on attribute_values.value_no = value_tests.value_no
    where
        value_tests.value_no is not null
        or attribute_values.value = ''
        or named_attributes.hangs_on_others
        or named_attributes.written_attribute in (
            '{{ attributes_that_grow() | join("', '") }}'
        )

)

select
    lead_attributes.as_of_date,
    lead_attributes.lead_no,
    kept_values.attribute_no,
    kept_values.value_no
from lead_attributes
inner join kept_values
    on
    lead_attributes.attribute = kept_values.attribute
    and lead_attributes.value = kept_values.value
