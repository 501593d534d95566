with

sequence_ends as (

    select * from {{ ref('sequence_ends') }}
    where age >= 0

),

sequence_steps as (

    select distinct
        rule_no,
        steps_needed
    from {{ ref('sequence_steps') }}

),

rules as (

    select * from {{ ref('rules') }}

),

rule_weights as (

    select * from {{ ref('rule_weights') }}

)

select
    sequence_ends.as_of_date,
    sequence_ends.lead_no,
    sequence_ends.rule_no,
    sequence_ends.days_ago,
    sequence_ends.age,
    sequence_steps.steps_needed as event_count,
    {{ round_points('rules.points') }} as raw_points,
    {{ round_points('rules.points * rule_weights.weight') }} as points
from sequence_ends
inner join rules on sequence_ends.rule_no = rules.rule_no
inner join sequence_steps on sequence_ends.rule_no = sequence_steps.rule_no
inner join rule_weights
    on sequence_ends.rule_no = rule_weights.rule_no and sequence_ends.age = rule_weights.age
