with

newest_day as (

    select max(as_of_date) as as_of_date from {{ ref('int_as_of_dates') }}

),

rules as (

    select rules.*
    from {{ ref('rules') }} as rules
    cross join newest_day
    where
        rules.kind = 'attribute'
        and rules.points <> 0
        and {{ is_valid_on('rules', 'newest_day.as_of_date') }}

),

rule_health as (

    select * from {{ ref('rule_health') }}

)

-- Rules that ask the same are met by the same leads.
select
    rules.model_id,
    rules.attribute,
    trim(rules.operator || ' ' || rules.value) as value,
    max(rule_health.leads_met) as leads,
    max(rule_health.outcomes_met) as outcomes,
    sum(rules.points) as points_now
from rules
inner join rule_health
    on rules.model_id = rule_health.model_id and rules.rule_id = rule_health.rule_id
group by rules.model_id, rules.attribute, trim(rules.operator || ' ' || rules.value)
