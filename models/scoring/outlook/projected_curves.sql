with

candidates as (

    select * from {{ ref('outlook_candidates') }}

),

lead_activity_days as (

    select * from {{ ref('int_lead_activity_days') }}
    where event_count > 0

),

sequence_ends as (

    select * from {{ ref('sequence_ends') }}

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

rule_weights as (

    select * from {{ ref('rule_weights') }}

),

-- A sequence ages from its last day, until a window that closes ahead ends it anew.
sequence_spans as (

    select
        *,
        lead(-age, 1, {{ var('outlook_days') }} + 1) over (
            partition by as_of_date, lead_no, rule_no order by age desc
        ) as until_day
    from sequence_ends

),

sequences as (

    select
        candidates.candidate_no,
        projected_rules.rule_no,
        sequence_spans.age,
        sequence_spans.until_day,
        projected_rules.event_points as points
    from candidates
    inner join sequence_spans
        on
        candidates.as_of_date = sequence_spans.as_of_date
        and candidates.lead_no = sequence_spans.lead_no
    inner join projected_rules
        on
        sequence_spans.rule_no = projected_rules.rule_no
        and candidates.model_no = projected_rules.model_no

),

rule_days as (

    select
        candidates.candidate_no,
        projected_rules.rule_no,
        min(lead_activity_days.age) as age,
        {{ var('outlook_days') }} + 1 as until_day,
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
    select
        candidate_no,
        rule_no,
        age,
        until_day,
        points
    from sequences
    where age >= 0

),

-- Each day's activities walk along the curve of their rule, from piece to piece.
pieces as (

    select
        rule_days.candidate_no,
        rule_days.rule_no,
        greatest(0, rule_curves.from_age - rule_days.age) as from_day,
        least(rule_days.until_day, rule_curves.to_age - rule_days.age + 1) as until_day,
        {{ moved_curve('rule_curves', 'rule_days.age', 'rule_days.points') }}
    from rule_days
    inner join rule_curves
        on
        rule_days.rule_no = rule_curves.rule_no
        and rule_days.age <= rule_curves.to_age
        and rule_days.age + rule_days.until_day > rule_curves.from_age
    union all
    -- A curve that begins ahead is told day by day: there are few, and to reckon backwards to today
    -- what halves within hours would be beyond all numbers.
    select
        sequences.candidate_no,
        sequences.rule_no,
        rule_weights.age - sequences.age as from_day,
        rule_weights.age - sequences.age + 1 as until_day,
        sequences.points * rule_weights.weight as constant,
        0 as fading,
        0 as slope
    from sequences
    inner join rule_weights
        on
        sequences.rule_no = rule_weights.rule_no
        and rule_weights.age < sequences.until_day + sequences.age
    where sequences.age < 0

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
    lead(changes_on, 1, {{ var('outlook_days') }} + 1)
        over (partition by candidate_no, rule_no order by changes_on) as until_day,
    sum(constant) over later as constant,
    sum(fading) over later as fading,
    sum(slope) over later as slope
from summed
window later as (
    partition by candidate_no, rule_no order by changes_on
    rows between unbounded preceding and current row
)
