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

    select * from {{ ref('sequence_steps') }}

),

rules as (

    select * from {{ ref('rules') }}

),

activity_definitions as (

    select * from {{ ref('activity_definitions') }}

),

feeds as (

    select * from {{ ref('int_feeds') }}

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

rules_as_of as (

    select
        as_of_dates.as_of_date,
        rule_activities.rule_no,
        rule_activities.activity_no,
        sequence_steps.step_no,
        sequence_steps.is_absence,
        sequence_steps.steps_needed
    from rule_activities
    inner join sequence_steps
        on
        rule_activities.rule_no = sequence_steps.rule_no
        and rule_activities.activity = sequence_steps.activity
    inner join rules on rule_activities.rule_no = rules.rule_no
    inner join as_of_dates on {{ is_valid_on('rules', 'as_of_dates.as_of_date') }}

),

step_days as (

    select
        lead_activity_days.as_of_date,
        lead_activity_days.lead_no,
        rules_as_of.rule_no,
        rules_as_of.step_no,
        rules_as_of.is_absence,
        rules_as_of.steps_needed,
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
        step_no,
        steps_needed,
        -- By how many days the feed of the step stands still.
        max(days_ago - age) as days_stale
    from step_days
    where not is_absence
    group by as_of_date, lead_no, rule_no, step_no, steps_needed

),

-- That nothing happened is known only as far as every feed that would tell has loaded.
awaited as (

    select
        feeds.as_of_date,
        sequence_steps.rule_no,
        max({{ days_between('feeds.counts_until', 'feeds.as_of_date') }}) as days_stale
    from sequence_steps
    inner join activity_definitions on sequence_steps.activity = activity_definitions.activity
    inner join feeds
        on feeds.table_name = case activity_definitions.channel
            when 'crm' then 'crm.activities'
            else activity_definitions.channel || '.events'
        end
    where sequence_steps.is_absence and sequence_steps.step_no = sequence_steps.steps_needed
    group by feeds.as_of_date, sequence_steps.rule_no

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
        step_days.step_no,
        step_days.is_absence,
        step_days.days_ago,
        candidates.days_stale
    from step_days
    inner join candidates
        on
        step_days.as_of_date = candidates.as_of_date
        and step_days.lead_no = candidates.lead_no
        and step_days.rule_no = candidates.rule_no

)

select
    candidate_days.as_of_date,
    candidate_days.lead_no,
    candidate_days.rule_no,
    candidate_days.step_no,
    candidate_days.is_absence,
    candidate_days.days_ago,
    cast(greatest(candidate_days.days_stale, coalesce(awaited.days_stale, 0)) as integer)
        as days_stale
from candidate_days
left join awaited
    on
    candidate_days.as_of_date = awaited.as_of_date
    and candidate_days.rule_no = awaited.rule_no
