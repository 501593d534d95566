with

rules as (

    select * from {{ ref('rules') }}
    where kind = 'attribute' and model_no is not null

),

condition_rows as (

    select * from {{ ref('condition_rows') }}

)

-- What several rules ask of an attribute is tried once.
select
    test_no,
    attribute_key as attribute,
    operator,
    value
from rules
union
select
    test_no,
    attribute_key as attribute,
    operator,
    value
from condition_rows
