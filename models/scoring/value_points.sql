with

value_tests as (

    select * from {{ ref('value_tests') }}

),

rules as (

    select * from {{ ref('rules') }}
    where kind = 'attribute' and model_no is not null

)

select
    value_tests.value_no,
    value_tests.attribute,
    rules.rule_no,
    rules.model_no,
    rules.dimension,
    rules.operator,
    {{ round_points('rules.points') }} as points,
    greatest(rules.valid_from, value_tests.met_from) as valid_from,
    least(rules.valid_to, value_tests.met_until) as valid_to
from value_tests
inner join rules on value_tests.test_no = rules.test_no
