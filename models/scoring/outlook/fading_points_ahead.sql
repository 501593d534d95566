{{ config(materialized='view') }}

with

activity_curves as (

    select * from {{ ref('activity_curves_ahead') }}

),

sequence_points as (

    select * from {{ ref('sequence_points') }}

),

candidates as (

    select * from {{ ref('outlook_candidates') }}

),

rules_ahead as (

    select * from {{ ref('rules_ahead') }}

),

rule_weights as (

    select * from {{ ref('rule_weights') }}

),

days as (

    select age as day from {{ ref('ages') }}
    where age <= {{ var('outlook_days') }}

)

select
    activity_curves.candidate_no,
    days.day,
    activity_curves.rule_no,
    {{ round_points(hold_within(
        curve_at('activity_curves', 'days.day'),
        '-rules_ahead.max_points', 'rules_ahead.max_points'
    )) }} as points
from activity_curves
inner join rules_ahead on activity_curves.rule_no = rules_ahead.rule_no
inner join days
    on
    days.day >= activity_curves.from_day
    and days.day < activity_curves.until_day
    and days.day >= rules_ahead.from_day
    and days.day < rules_ahead.until_day
union all
-- A sequence ages from its last day.
select
    candidates.candidate_no,
    days.day,
    sequence_points.rule_no,
    {{ round_points('rules_ahead.event_points * rule_weights.weight') }} as points
from candidates
inner join sequence_points
    on
    candidates.as_of_date = sequence_points.as_of_date
    and candidates.lead_no = sequence_points.lead_no
inner join rules_ahead
    on
    sequence_points.rule_no = rules_ahead.rule_no
    and candidates.model_no = rules_ahead.model_no
inner join days on days.day < rules_ahead.until_day
inner join rule_weights
    on
    sequence_points.rule_no = rule_weights.rule_no
    and sequence_points.age + days.day = rule_weights.age
