{{ config(materialized='view') }}

with

rule_points as (

    select * from {{ ref('attribute_points') }}
    union all
    select * from {{ ref('behavioral_points') }}
    union all
    select * from {{ ref('sequence_points') }}

)

select * from rule_points
where raw_points <> 0 or points <> 0
