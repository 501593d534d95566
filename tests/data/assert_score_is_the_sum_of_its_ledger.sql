{{ config(meta={'dagster': {'ref': {'name': 'lead_scores'}}}) }}
-- A failing row is a lead whose explanation does not add up to its score: the scoring models
-- contradict each other, and nothing may be published before a developer has found why.
with

ledger as (

    select
        ledger_rows.as_of_date,
        ledger_rows.lead_no,
        rules.model_no,
        sum(ledger_rows.points) as points,
        sum(case when rules.dimension = 'behavioral' then ledger_rows.raw_points else 0 end)
            as raw_points
    from {{ ref('ledger_rows') }} as ledger_rows
    inner join {{ ref('rules') }} as rules on ledger_rows.rule_no = rules.rule_no
    group by ledger_rows.as_of_date, ledger_rows.lead_no, rules.model_no

)

select
    lead_totals.as_of_date,
    lead_totals.model_no,
    lead_totals.lead_no,
    lead_totals.score,
    ledger.points
from {{ ref('lead_totals') }} as lead_totals
full outer join ledger
    on lead_totals.as_of_date = ledger.as_of_date
    and lead_totals.model_no = ledger.model_no
    and lead_totals.lead_no = ledger.lead_no
where
    lead_totals.lead_no is null
    or lead_totals.score <> coalesce(ledger.points, 0)
    or lead_totals.behavioral_points_undecayed <> coalesce(ledger.raw_points, 0)
