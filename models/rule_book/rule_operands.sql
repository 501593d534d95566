with

rules as (

    select * from {{ ref('rules') }}
    where kind = 'attribute' and model_no is not null

),

operands as (

    select
        rule_no,
        attribute,
        operator,
        trim({{ split_to_rows('value') }}) as operand
    from rules
    where operator = 'in'
    union all
    select
        rule_no,
        attribute,
        operator,
        value as operand
    from rules
    where operator <> 'in'

)

select
    *,
    {{ operand_columns('operator', 'operand') }}
from operands
