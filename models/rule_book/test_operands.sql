with

attribute_tests as (

    select * from {{ ref('attribute_tests') }}

),

operands as (

    select distinct
        test_no,
        attribute,
        operator,
        {{ split_to_trimmed_rows('value') }} as operand
    from attribute_tests
    where operator in ('in', 'not_in')
    union all
    select
        test_no,
        attribute,
        operator,
        value as operand
    from attribute_tests
    where operator not in ('in', 'not_in')

)

-- Of a list one part is enough; of one that must not hold the value, none may be left.
select
    *,
    case when operator = 'not_in' then count(*) over (partition by test_no) else 1 end
        as operands_to_meet,
    {{ operand_columns('operator', 'operand') }}
from operands
