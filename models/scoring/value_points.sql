with

attribute_values as (

    select * from {{ ref('attribute_values') }}

),

rule_operands as (

    select * from {{ ref('rule_operands') }}

),

rules as (

    select * from {{ ref('rules') }}

),

met as (

    {{ match_values('attribute_values', 'rule_operands', ref('rules')) }}

)

-- A rule is tried once on each value that occurs or may turn out, not once on each lead.
select
    met.value_no,
    met.attribute,
    met.rule_no,
    rules.model_no,
    rules.dimension,
    rules.operator,
    {{ round_points('rules.points') }} as points,
    rules.valid_from,
    rules.valid_to
from met
inner join rules on met.rule_no = rules.rule_no
