with

attribute_values as (

    select * from {{ ref('attribute_values') }}

),

test_operands as (

    select * from {{ ref('test_operands') }}

),

met as (

    {{ match_values('attribute_values', 'test_operands', ref('attribute_tests')) }}

)

-- A test is tried once on each value that occurs or may turn out, not once on each lead. Where the
-- value is a day, the test is met while the day is as near or as far as it asks.
select
    value_no,
    attribute,
    test_no,
    met_from,
    met_until
from met
