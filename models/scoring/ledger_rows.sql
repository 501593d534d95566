with

rule_points as (

    select * from {{ ref('rule_points') }}

),

cap_points as (

    select * from {{ ref('cap_points') }}

),

ledger_rows as (

    select
        as_of_date,
        lead_no,
        rule_no,
        value_no,
        days_ago,
        event_count,
        raw_points,
        points
    from rule_points
    union all
    select
        as_of_date,
        lead_no,
        rule_no,
        null as value_no,
        null as days_ago,
        null as event_count,
        0 as raw_points,
        points
    from cap_points

)

-- In the order in which it is published: to sort it again is cheap, and one lead's rows are found
-- without reading all.
select ledger_rows.*
from ledger_rows
inner join {{ ref('rules') }} as rules on ledger_rows.rule_no = rules.rule_no
order by ledger_rows.as_of_date, rules.model_no, ledger_rows.lead_no, ledger_rows.rule_no
