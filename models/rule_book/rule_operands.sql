with

rules as (

    select * from {{ ref('rules') }}
    where kind = 'attribute' and model_no is not null

),

operands as (

    select distinct
        rule_no,
        attribute,
        operator,
        trim({{ split_to_rows('value') }}) as operand
    from rules
    where operator in ('in', 'not_in')
    union all
    select
        rule_no,
        attribute,
        operator,
        value as operand
    from rules
    where operator not in ('in', 'not_in')

)

-- Of a list one part is enough; of one that must not hold the value, none may be left.
select
    *,
    case when operator = 'not_in' then count(*) over (partition by rule_no) else 1 end
        as operands_to_meet,
    {{ operand_columns('operator', 'operand') }}
from operands
