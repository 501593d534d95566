with

rule_points as (

    select * from {{ ref('rule_points') }}

),

lead_totals as (

    select * from {{ ref('lead_totals') }}

),

rules as (

    select * from {{ ref('rules') }}

),

held as (

    {{ stack_held_dimensions('lead_totals') }}

),

-- What a limit takes or adds is a row like any other.
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
        held.as_of_date,
        held.lead_no,
        rules.rule_no,
        null as value_no,
        null as days_ago,
        null as event_count,
        0 as raw_points,
        held.points
    from held
    inner join rules
        on
        rules.kind = 'cap'
        and held.model_no = rules.model_no
        and held.dimension = rules.dimension

)

-- In the order in which it is published: to sort it again is cheap, and one lead's rows are found
-- without reading all.
select ledger_rows.*
from ledger_rows
inner join rules on ledger_rows.rule_no = rules.rule_no
order by ledger_rows.as_of_date, rules.model_no, ledger_rows.lead_no, ledger_rows.rule_no
