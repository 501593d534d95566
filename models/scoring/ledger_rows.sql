{{ config(materialized='view') }}

with

rule_points as (

    select * from {{ ref('rule_points') }}

),

cap_points as (

    select * from {{ ref('cap_points') }}

)

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
