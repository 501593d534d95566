with

leads_at_stake as (

    select * from {{ ref('leads_at_stake') }}

),

scores_ahead as (

    select * from {{ ref('scores_ahead') }}

),

points_ahead as (

    select * from {{ ref('points_ahead') }}

),

rule_points as (

    select * from {{ ref('rule_points') }}

),

drop_outs as (

    select
        leads_at_stake.as_of_date,
        leads_at_stake.model_id,
        leads_at_stake.lead_id,
        min(scores_ahead.ahead_on) as drops_out_on
    from leads_at_stake
    inner join scores_ahead
        on
        leads_at_stake.as_of_date = scores_ahead.as_of_date
        and leads_at_stake.model_id = scores_ahead.model_id
        and leads_at_stake.lead_id = scores_ahead.lead_id
        and scores_ahead.ahead_on > leads_at_stake.as_of_date
        and scores_ahead.ahead_on >= leads_at_stake.stays_until
        and scores_ahead.score < leads_at_stake.leave_below
    group by leads_at_stake.as_of_date, leads_at_stake.model_id, leads_at_stake.lead_id

),

-- What each rule will have lost by then.
losses as (

    select
        drop_outs.as_of_date,
        drop_outs.model_id,
        drop_outs.lead_id,
        rule_points.reason,
        rule_points.points as points_now,
        coalesce(points_ahead.points, 0) as points_then,
        row_number() over (
            partition by drop_outs.as_of_date, drop_outs.model_id, drop_outs.lead_id
            order by rule_points.points - coalesce(points_ahead.points, 0) desc, rule_points.rule_id
        ) as place
    from drop_outs
    inner join rule_points
        on
        drop_outs.as_of_date = rule_points.as_of_date
        and drop_outs.model_id = rule_points.model_id
        and drop_outs.lead_id = rule_points.lead_id
    left join points_ahead
        on
        drop_outs.as_of_date = points_ahead.as_of_date
        and drop_outs.drops_out_on = points_ahead.ahead_on
        and drop_outs.model_id = points_ahead.model_id
        and drop_outs.lead_id = points_ahead.lead_id
        and rule_points.rule_id = points_ahead.rule_id
    where rule_points.points > coalesce(points_ahead.points, 0)

)

select
    leads_at_stake.as_of_date,
    leads_at_stake.model_id,
    leads_at_stake.lead_id,
    leads_at_stake.tier,
    cast(leads_at_stake.leave_below as decimal(12, 4)) as leave_below,
    leads_at_stake.score,
    drop_outs.drops_out_on,
    scores_ahead.score as score_then,
    losses.reason || ': ' || {{ format_points('losses.points_now') }} || ' now, '
    || {{ format_points('losses.points_then') }} || ' then' as because_of
from leads_at_stake
left join drop_outs
    on
    leads_at_stake.as_of_date = drop_outs.as_of_date
    and leads_at_stake.model_id = drop_outs.model_id
    and leads_at_stake.lead_id = drop_outs.lead_id
left join scores_ahead
    on
    drop_outs.as_of_date = scores_ahead.as_of_date
    and drop_outs.drops_out_on = scores_ahead.ahead_on
    and drop_outs.model_id = scores_ahead.model_id
    and drop_outs.lead_id = scores_ahead.lead_id
left join losses
    on
    drop_outs.as_of_date = losses.as_of_date
    and drop_outs.model_id = losses.model_id
    and drop_outs.lead_id = losses.lead_id
    and losses.place = 1
