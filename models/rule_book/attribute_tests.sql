with

rules as (

    select * from {{ ref('rules') }}
    where kind = 'attribute' and model_no is not null

),

condition_rows as (

    select * from {{ ref('condition_rows') }}

),

asked as (

    select
        attribute_key as attribute,
        operator,
        value
    from rules
    union
    select
        attribute_key as attribute,
        operator,
        value
    from condition_rows

)

-- What several rules ask of an attribute is tried once.
select
    cast(row_number() over (order by attribute, operator, value) as integer) as test_no,
    attribute,
    operator,
    value
from asked
