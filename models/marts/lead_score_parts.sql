with

ledger as (

    select * from {{ ref('lead_score_ledger') }}

),

score_parts as (

    select * from {{ ref('score_parts') }}

)

select
    ledger.as_of_date,
    ledger.model_id,
    ledger.lead_id,
    trim(score_parts.part) as part,
    cast(sum(ledger.points) as decimal(12, 4)) as points,
    cast(count(*) as {{ dbt.type_bigint() }}) as rules_met
from ledger
inner join score_parts
    on
    ledger.model_id = trim(score_parts.model_id)
    and ledger.rule_id = trim(score_parts.rule_id)
group by ledger.as_of_date, ledger.model_id, ledger.lead_id, trim(score_parts.part)
