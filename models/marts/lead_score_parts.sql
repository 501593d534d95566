{{ config(materialized='view') }}

with

ledger_rows as (

    select * from {{ ref('ledger_rows') }}

),

rules as (

    select * from {{ ref('rules') }}

),

score_parts as (

    select * from {{ ref('score_parts') }}

),

lead_numbers as (

    select * from {{ ref('int_lead_numbers') }}

),

rules_of_parts as (

    select
        rules.rule_no,
        rules.model_id,
        trim(score_parts.part) as part
    from rules
    inner join score_parts
        on rules.model_id = trim(score_parts.model_id) and rules.rule_id = trim(score_parts.rule_id)

),

summed as (

    select
        ledger_rows.as_of_date,
        rules_of_parts.model_id,
        ledger_rows.lead_no,
        rules_of_parts.part,
        sum(ledger_rows.points) as points,
        count(*) as rules_met
    from ledger_rows
    inner join rules_of_parts on ledger_rows.rule_no = rules_of_parts.rule_no
    group by
        ledger_rows.as_of_date, rules_of_parts.model_id, ledger_rows.lead_no, rules_of_parts.part

)

select
    summed.as_of_date,
    summed.model_id,
    lead_numbers.lead_id,
    summed.part,
    cast(summed.points as decimal(12, 4)) as points,
    cast(summed.rules_met as {{ dbt.type_bigint() }}) as rules_met
from summed
inner join lead_numbers on summed.lead_no = lead_numbers.lead_no
