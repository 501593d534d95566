with

attribute_rules as (

    select * from {{ ref('attribute_rules') }}

)

select
    *,
    trim({{ split_to_rows('value') }}) as operand
from attribute_rules
where operator = 'in'
union all
select
    *,
    value as operand
from attribute_rules
where operator <> 'in'
