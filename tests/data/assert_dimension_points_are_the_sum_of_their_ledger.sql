{{ config(meta={'dagster': {'ref': {'name': 'lead_scores'}}}) }}
-- A failing row is a lead whose points of one dimension are not what its ledger rows of that
-- dimension add up to, or lie outside the range of dimensions.csv: a developer must look at
-- lead_totals and ledger_rows.
with

ledger as (

    select
        ledger_rows.as_of_date,
        ledger_rows.lead_no,
        rules.model_no,
        rules.dimension,
        sum(ledger_rows.points) as points
    from {{ ref('ledger_rows') }} as ledger_rows
    inner join {{ ref('rules') }} as rules on ledger_rows.rule_no = rules.rule_no
    where rules.dimension <> 'score'
    group by
        ledger_rows.as_of_date, ledger_rows.lead_no, rules.model_no, rules.dimension

),

scores as (

    {% for dimension in ['demographic', 'firmographic', 'readiness', 'behavioral', 'data_quality'] %}
    select
        as_of_date,
        lead_no,
        model_no,
        '{{ dimension }}' as dimension,
        {{ dimension }}_points as points
    from {{ ref('lead_totals') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    scores.*,
    ledger.points as ledger_points
from scores
left join ledger
    on scores.as_of_date = ledger.as_of_date
    and scores.model_no = ledger.model_no
    and scores.lead_no = ledger.lead_no
    and scores.dimension = ledger.dimension
left join {{ ref('rules') }} as limits
    on limits.kind = 'cap'
    and scores.model_no = limits.model_no
    and scores.dimension = limits.dimension
where
    scores.points <> coalesce(ledger.points, 0)
    or scores.points < limits.low
    or scores.points > limits.high
