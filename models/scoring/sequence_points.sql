with

lead_activity_days as (

    select * from {{ ref('int_lead_activity_days') }}
    where event_count > 0

),

rule_activities as (

    select * from {{ ref('rule_activities') }}
    where kind = 'sequence'

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

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

rules_as_of as (

    select
        as_of_dates.as_of_date,
        rule_activities.rule_no,
        rule_activities.activity_no,
        dense_rank() over (partition by rule_activities.rule_no order by rule_activities.activity)
            as step,
        sequence_steps.steps_needed,
        rules.within_days
    from rule_activities
    inner join sequence_steps on rule_activities.rule_no = sequence_steps.rule_no
    inner join rules on rule_activities.rule_no = rules.rule_no
    inner join as_of_dates on {{ is_valid_on('rules', 'as_of_dates.as_of_date') }}

),

step_days as (

    select
        lead_activity_days.as_of_date,
        lead_activity_days.lead_no,
        rules_as_of.rule_no,
        rules_as_of.step,
        rules_as_of.steps_needed,
        rules_as_of.within_days,
        lead_activity_days.days_ago,
        lead_activity_days.age
    from lead_activity_days
    inner join rules_as_of
        on
        lead_activity_days.as_of_date = rules_as_of.as_of_date
        and lead_activity_days.activity_no = rules_as_of.activity_no

),

steps_done as (

    select
        as_of_date,
        lead_no,
        rule_no,
        step,
        steps_needed,
        -- By how many days the feed of the step stands still.
        max(days_ago - age) as days_stale
    from step_days
    group by as_of_date, lead_no, rule_no, step, steps_needed

),

-- Few leads have done all of it at any time; only theirs is looked at day by day.
candidates as (

    select
        as_of_date,
        lead_no,
        rule_no,
        max(days_stale) as days_stale
    from steps_done
    group by as_of_date, lead_no, rule_no, steps_needed
    having count(*) = steps_needed

),

candidate_days as (

    select distinct
        step_days.as_of_date,
        step_days.lead_no,
        step_days.rule_no,
        step_days.step,
        step_days.steps_needed,
        step_days.within_days,
        step_days.days_ago
    from step_days
    inner join candidates
        on
        step_days.as_of_date = candidates.as_of_date
        and step_days.lead_no = candidates.lead_no
        and step_days.rule_no = candidates.rule_no

),

-- Each day on which one of the activities happened, where all of them had happened within the
-- window that ends with it.
days_met as (

    select
        last_days.as_of_date,
        last_days.lead_no,
        last_days.rule_no,
        last_days.days_ago
    from candidate_days as last_days
    inner join candidate_days
        on
        last_days.as_of_date = candidate_days.as_of_date
        and last_days.lead_no = candidate_days.lead_no
        and last_days.rule_no = candidate_days.rule_no
        and candidate_days.days_ago >= last_days.days_ago
        and candidate_days.days_ago - last_days.days_ago < candidate_days.within_days
    group by
        last_days.as_of_date, last_days.lead_no, last_days.rule_no, last_days.days_ago,
        candidate_days.steps_needed
    having count(distinct candidate_days.step) = candidate_days.steps_needed

),

met as (

    select
        days_met.as_of_date,
        days_met.lead_no,
        days_met.rule_no,
        min(days_met.days_ago) as days_ago,
        greatest(0, min(days_met.days_ago) - candidates.days_stale) as age
    from days_met
    inner join candidates
        on
        days_met.as_of_date = candidates.as_of_date
        and days_met.lead_no = candidates.lead_no
        and days_met.rule_no = candidates.rule_no
    group by days_met.as_of_date, days_met.lead_no, days_met.rule_no, candidates.days_stale

)

select
    met.as_of_date,
    met.lead_no,
    met.rule_no,
    met.days_ago,
    cast(met.age as integer) as age,
    cast(sequence_steps.steps_needed as integer) as event_count,
    {{ round_points('rules.points') }} as raw_points,
    {{ round_points('rules.points * rule_weights.weight') }} as points
from met
inner join rules on met.rule_no = rules.rule_no
inner join sequence_steps on met.rule_no = sequence_steps.rule_no
inner join rule_weights on met.rule_no = rule_weights.rule_no and met.age = rule_weights.age
