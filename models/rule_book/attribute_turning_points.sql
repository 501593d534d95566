with

test_operands as (

    select * from {{ ref('test_operands') }}

),

ages as (

    select * from {{ ref('ages') }}

),

numbers as (

    select
        attribute,
        operand_number as number
    from test_operands
    union
    select
        attribute,
        low as number
    from test_operands
    union
    select
        attribute,
        high as number
    from test_operands

)

-- Whole numbers on either side of what is compared: at most 7 is another answer from 8 on.
select
    attribute,
    cast(ceil(number) as integer) as turning_point
from numbers
where abs(number) < {{ most_days() }}
union
select
    attribute,
    cast(floor(number) as integer) + 1 as turning_point
from numbers
where abs(number) < {{ most_days() }}
union
-- What is looked for in a text may be met by any number of days for which events are kept.
select distinct
    test_operands.attribute,
    cast(ages.age as integer) as turning_point
from test_operands
cross join ages
where {{ reads_text('test_operands.operator') }}
