{{ config(meta={'dagster': {'ref': {'name': 'lead_score_parts'}}}) }}
-- A failing row: the view loses or repeats points of the rules that score_parts.csv names, or
-- leaves its text empty.
with

shown as (

    select
        coalesce(sum(rules_met), 0) as rules_shown,
        coalesce(sum(points), 0) as points_shown,
        count(
            case
                when
                    as_of_date is null or model_id is null or lead_id is null or part is null
                    or points is null or rules_met is null
                    then 1
            end
        ) as rows_incomplete
    from {{ ref('lead_score_parts') }}

),

rules_of_parts as (

    select
        rules.rule_no,
        count(*) as parts
    from {{ ref('rules') }} as rules
    inner join {{ ref('score_parts') }} as score_parts
        on
        rules.model_id = trim(score_parts.model_id)
        and rules.rule_id = trim(score_parts.rule_id)
    group by rules.rule_no

),

ledger as (

    select
        coalesce(sum(rules_of_parts.parts), 0) as rules_there,
        coalesce(sum(rules_of_parts.parts * ledger_rows.points), 0) as points_there
    from {{ ref('ledger_rows') }} as ledger_rows
    inner join rules_of_parts on ledger_rows.rule_no = rules_of_parts.rule_no

)

select
    shown.rules_shown,
    shown.points_shown,
    shown.rows_incomplete,
    ledger.rules_there,
    ledger.points_there
from shown
cross join ledger
where
    shown.rules_shown <> ledger.rules_there
    or shown.points_shown <> ledger.points_there
    or shown.rows_incomplete > 0
