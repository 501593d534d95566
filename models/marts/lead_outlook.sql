with

candidates as (

    select * from {{ ref('outlook_candidates') }}

),

projected_scores as (

    select * from {{ ref('projected_scores') }}

),

curves as (

    select * from {{ ref('projected_curves') }}

),

attribute_points as (

    select * from {{ ref('projected_attribute_points') }}

),

projected_rules as (

    select * from {{ ref('projected_rules') }}

),

rule_points as (

    select * from {{ ref('rule_points') }}

),

rules as (

    select * from {{ ref('rules') }}

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

lead_numbers as (

    select * from {{ ref('int_lead_numbers') }}

),

drop_outs as (

    select
        candidates.candidate_no,
        candidates.as_of_date,
        candidates.model_no,
        candidates.lead_no,
        min(projected_scores.day) as day
    from candidates
    inner join projected_scores
        on
        candidates.candidate_no = projected_scores.candidate_no
        and projected_scores.day >= candidates.stays_days
        and projected_scores.score < candidates.leave_below
    group by
        candidates.candidate_no, candidates.as_of_date, candidates.model_no, candidates.lead_no

),

rule_days as (

    select
        drop_outs.candidate_no,
        drop_outs.day,
        projected_rules.rule_no,
        projected_rules.rule_id,
        projected_rules.max_points,
        {{ fade('drop_outs.day', 'projected_rules.half_life_days') }} as fade
    from drop_outs
    inner join projected_rules
        on
        drop_outs.model_no = projected_rules.model_no
        and drop_outs.day >= projected_rules.from_day
        and drop_outs.day < projected_rules.until_day

),

points_then as (

    select
        rule_days.candidate_no,
        rule_days.rule_id,
        {{ points_on('curves', 'rule_days') }} as points
    from rule_days
    inner join curves
        on
        rule_days.candidate_no = curves.candidate_no
        and rule_days.rule_no = curves.rule_no
        and rule_days.day >= curves.from_day
        and rule_days.day < curves.until_day
    union all
    select
        drop_outs.candidate_no,
        rules.rule_id,
        attribute_points.points
    from drop_outs
    inner join attribute_points
        on
        drop_outs.candidate_no = attribute_points.candidate_no
        and drop_outs.day >= attribute_points.from_day
        and drop_outs.day < attribute_points.until_day
    inner join rules on attribute_points.rule_no = rules.rule_no

),

-- What each rule will have lost by then.
losses as (

    select
        drop_outs.candidate_no,
        rules.reason,
        rule_points.points as points_now,
        coalesce(points_then.points, 0) as points_then,
        row_number() over (
            partition by drop_outs.candidate_no
            order by rule_points.points - coalesce(points_then.points, 0) desc, rules.rule_no
        ) as place
    from drop_outs
    inner join rule_points
        on
        drop_outs.as_of_date = rule_points.as_of_date
        and drop_outs.lead_no = rule_points.lead_no
    inner join rules
        on rule_points.rule_no = rules.rule_no and drop_outs.model_no = rules.model_no
    left join points_then
        on
        drop_outs.candidate_no = points_then.candidate_no
        and rules.rule_id = points_then.rule_id
    where rule_points.points > coalesce(points_then.points, 0)

)

select
    candidates.as_of_date,
    scored_models.model_id,
    lead_numbers.lead_id,
    candidates.tier,
    cast(candidates.leave_below as decimal(12, 4)) as leave_below,
    cast(candidates.score as decimal(12, 4)) as score,
    cast(candidates.as_of_date + drop_outs.day as date) as drops_out_on,
    cast(projected_scores.score as decimal(12, 4)) as score_then,
    losses.reason || ': ' || {{ format_points('losses.points_now') }} || ' now, '
    || {{ format_points('losses.points_then') }} || ' then' as because_of
from candidates
inner join scored_models on candidates.model_no = scored_models.model_no
inner join lead_numbers on candidates.lead_no = lead_numbers.lead_no
left join drop_outs on candidates.candidate_no = drop_outs.candidate_no
left join projected_scores
    on
    drop_outs.candidate_no = projected_scores.candidate_no
    and drop_outs.day = projected_scores.day
left join losses on candidates.candidate_no = losses.candidate_no and losses.place = 1
