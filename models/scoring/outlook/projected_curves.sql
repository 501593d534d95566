with

candidates as (

    select * from {{ ref('outlook_candidates') }}

),

lead_activity_days as (

    select * from {{ ref('int_lead_activity_days') }}
    where event_count > 0

),

sequence_points as (

    select * from {{ ref('sequence_points') }}

),

rule_activities as (

    select * from {{ ref('rule_activities') }}
    where kind = 'activity'

),

projected_rules as (

    select * from {{ ref('projected_rules') }}

),

rule_curves as (

    select * from {{ ref('rule_curves') }}

),

rule_days as (

    select
        candidates.candidate_no,
        projected_rules.rule_no,
        min(lead_activity_days.age) as age,
        projected_rules.event_points
        * least(sum(lead_activity_days.event_count), projected_rules.events_per_day) as points
    from candidates
    inner join lead_activity_days
        on
        candidates.as_of_date = lead_activity_days.as_of_date
        and candidates.lead_no = lead_activity_days.lead_no
    inner join rule_activities on lead_activity_days.activity_no = rule_activities.activity_no
    inner join projected_rules
        on
        rule_activities.rule_no = projected_rules.rule_no
        and candidates.model_no = projected_rules.model_no
    group by
        candidates.candidate_no, projected_rules.rule_no, lead_activity_days.days_ago,
        projected_rules.event_points, projected_rules.events_per_day
    union all
    -- A sequence ages from its last day.
    select
        candidates.candidate_no,
        projected_rules.rule_no,
        sequence_points.age,
        projected_rules.event_points as points
    from candidates
    inner join sequence_points
        on
        candidates.as_of_date = sequence_points.as_of_date
        and candidates.lead_no = sequence_points.lead_no
    inner join projected_rules
        on
        sequence_points.rule_no = projected_rules.rule_no
        and candidates.model_no = projected_rules.model_no

),

-- Each day's activities walk along the curve of their rule, from piece to piece.
pieces as (

    select
        rule_days.candidate_no,
        rule_days.rule_no,
        greatest(0, rule_curves.from_age - rule_days.age) as from_day,
        rule_curves.to_age - rule_days.age + 1 as until_day,
        {{ moved_curve('rule_curves', 'rule_days.age', 'rule_days.points') }}
    from rule_days
    inner join rule_curves
        on rule_days.rule_no = rule_curves.rule_no and rule_days.age <= rule_curves.to_age

),

changes as (

    select
        candidate_no,
        rule_no,
        from_day as changes_on,
        constant,
        fading,
        slope
    from pieces
    where from_day <= {{ var('outlook_days') }}
    union all
    select
        candidate_no,
        rule_no,
        until_day as changes_on,
        -constant as constant,
        -fading as fading,
        -slope as slope
    from pieces
    where until_day <= {{ var('outlook_days') }}

),

summed as (

    select
        candidate_no,
        rule_no,
        changes_on,
        sum(constant) as constant,
        sum(fading) as fading,
        sum(slope) as slope
    from changes
    group by candidate_no, rule_no, changes_on

)

-- The curves of a rule on the same lead add up to one.
select
    candidate_no,
    rule_no,
    changes_on as from_day,
    lead(changes_on, 1, {{ var('outlook_days') }} + 1) over later as until_day,
    sum(constant) over later as constant,
    sum(fading) over later as fading,
    sum(slope) over later as slope
from summed
window later as (
    partition by candidate_no, rule_no order by changes_on
    rows between unbounded preceding and current row
)
