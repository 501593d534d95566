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

-- A rule is tried once on each value that occurs or may turn out, not once on each lead. Where the
-- value is a day, the rule counts while the day is as near or as far as it asks.
select
    met.value_no,
    met.attribute,
    met.rule_no,
    rules.model_no,
    rules.dimension,
    rules.operator,
    {{ round_points('rules.points') }} as points,
    greatest(rules.valid_from, coalesce(met.met_from, rules.valid_from)) as valid_from,
    case
        when met.met_until is null then rules.valid_to
        else least(coalesce(rules.valid_to, met.met_until), met.met_until)
    end as valid_to
from met
inner join rules on met.rule_no = rules.rule_no
