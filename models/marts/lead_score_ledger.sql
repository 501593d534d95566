with

rule_points as (

    select * from {{ ref('rule_points') }}

),

cap_points as (

    select * from {{ ref('cap_points') }}

),

ledger as (

    select * from rule_points
    union all
    select * from cap_points

)

select
    as_of_date,
    model_id,
    lead_id,
    rule_id,
    dimension,
    reason,
    evidence,
    occurred_on,
    event_count,
    raw_points,
    points
from ledger
