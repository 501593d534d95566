-- depends_on: {{ ref('rule_book_problems') }}
with

file_rows as (

    select * from {{ ref('rule_book_rows') }}
    where file_name = 'conditions'

),

scoped_attributes as (

    select * from {{ ref('scoped_attributes') }}

)

select
    cast(row_number() over (order by file_rows.row_number) as integer) as condition_row_no,
    {{ test_key(
        'coalesce(scoped_attributes.attribute_key, file_rows.attribute)', 'file_rows.operator',
        "coalesce(file_rows.value, '')"
    ) }} as test_no,
    conditions.model_no,
    conditions.model_id,
    file_rows.condition,
    conditions.attribute_key as condition_key,
    file_rows.attribute,
    coalesce(scoped_attributes.attribute_key, file_rows.attribute) as attribute_key,
    scoped_attributes.kind as attribute_kind,
    file_rows.operator,
    coalesce(file_rows.value, '') as value,
    coalesce({{ read_date('file_rows.valid_from') }}, {{ date_literal('1900-01-01') }})
        as valid_from,
    {{ read_date('file_rows.valid_to') }} as valid_to
from file_rows
inner join scoped_attributes as conditions
    on
    file_rows.model_id = conditions.model_id
    and file_rows.condition = conditions.attribute
    and conditions.kind = 'condition'
left join scoped_attributes
    on
    file_rows.model_id = scoped_attributes.model_id
    and file_rows.attribute = scoped_attributes.attribute
