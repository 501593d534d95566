{{ config(materialized='view') }}

with

rule_points as (

    select
        as_of_date,
        lead_no,
        rule_no,
        value_no,
        cast(null as integer) as days_ago,
        cast(null as integer) as event_count,
        points as raw_points,
        points
    from {{ ref('attribute_points') }}
    union all
    select
        as_of_date,
        lead_no,
        rule_no,
        cast(null as integer) as value_no,
        days_ago,
        event_count,
        raw_points,
        points
    from {{ ref('behavioral_points') }}
    union all
    select
        as_of_date,
        lead_no,
        rule_no,
        cast(null as integer) as value_no,
        days_ago,
        event_count,
        raw_points,
        points
    from {{ ref('sequence_points') }}

)

select * from rule_points
where raw_points <> 0 or points <> 0
