with

answers as (

    select * from {{ ref('hand_over_answers') }}

),

hand_over_rules as (

    select * from {{ source('tiering', 'hand_over_rules') }}

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

newest_day as (

    select max(as_of_date) as as_of_date from {{ ref('int_as_of_dates') }}

),

models as (

    select model_id from scored_models
    union
    select model_id from answers
    where idempotency_key is not null

),

judged as (

    select
        idempotency_key,
        model_id,
        tier,
        reason,
        deal_reason,
        is_drawn,
        case when idempotency_key is not null then 1 else 0 end as hand_over,
        case when verdict = 'accepted' then 1 else 0 end as accepted,
        case when verdict = 'rejected' then 1 else 0 end as rejected,
        case when verdict is null then 1 else 0 end as open,
        case when verdict is not null then waited_hours end as response_hours,
        -- One that waits within its time is neither in time nor late.
        case
            when verdict is not null and waited_hours <= sla_hours then 1
            when waited_hours > sla_hours then 0
        end as is_within_sla
    from answers

),

-- What sales says of drawn leads is no answer to the tiers and rules that did not hand them over.
by_tier as (

    select * from judged
    where not is_drawn

),

-- All that a hand-over is counted by.
kinds as (

    select
        idempotency_key,
        'all' as kind,
        case when is_drawn then 'drawn at random' else 'all hand-overs' end as value
    from judged
    union all
    select
        idempotency_key,
        'tier' as kind,
        tier as value
    from by_tier
    union all
    select
        idempotency_key,
        'reason' as kind,
        reason as value
    from by_tier
    where rejected = 1
    union all
    select
        idempotency_key,
        'deal' as kind,
        deal_reason as value
    from by_tier
    where deal_reason is not null
    union all
    select
        hand_over_rules.idempotency_key,
        'rule' as kind,
        hand_over_rules.rule_id as value
    from hand_over_rules
    inner join by_tier on hand_over_rules.idempotency_key = by_tier.idempotency_key

),

told_apart as (

    select
        judged.*,
        kinds.kind,
        kinds.value
    from judged
    inner join kinds on judged.idempotency_key = kinds.idempotency_key
    union all
    -- A verdict that answers no hand-over names no model: it counts for each.
    select
        judged.idempotency_key,
        models.model_id,
        judged.tier,
        judged.reason,
        judged.deal_reason,
        judged.is_drawn,
        judged.hand_over,
        judged.accepted,
        judged.rejected,
        judged.open,
        judged.response_hours,
        judged.is_within_sla,
        'all' as kind,
        'without a hand-over' as value
    from judged
    cross join models
    where judged.idempotency_key is null

),

counted as (

    select
        model_id,
        kind,
        value,
        sum(hand_over) as hand_overs,
        sum(accepted) as accepted,
        sum(rejected) as rejected,
        sum(open) as open,
        {{ median_of('response_hours') }} as median_response_hours,
        {{ percentage_of('sum(is_within_sla)', 'count(is_within_sla)') }}
            as answered_within_sla_pct,
        -- Of the reasons for a rejection none is ever accepted.
        case when kind <> 'reason' then sum(accepted) end as hits,
        case when kind <> 'reason' then sum(accepted + rejected) end as decided
    from told_apart
    group by model_id, kind, value

),

-- A model without any hand-over has a row that says so.
rows_to_show as (

    select
        model_id,
        kind,
        value
    from counted
    union
    select
        model_id,
        'all' as kind,
        'all hand-overs' as value
    from models

)

select
    newest_day.as_of_date,
    rows_to_show.model_id,
    rows_to_show.kind,
    rows_to_show.value,
    cast(coalesce(counted.hand_overs, 0) as {{ dbt.type_bigint() }}) as hand_overs,
    cast(coalesce(counted.accepted, 0) as {{ dbt.type_bigint() }}) as accepted,
    cast(coalesce(counted.rejected, 0) as {{ dbt.type_bigint() }}) as rejected,
    cast(coalesce(counted.open, 0) as {{ dbt.type_bigint() }}) as open,
    {{ share_with_interval('counted.hits', 'counted.decided', 'acceptance') }},
    {{ as_decimal('counted.median_response_hours', 9, 1) }} as median_response_hours,
    counted.answered_within_sla_pct
from rows_to_show
cross join newest_day
left join counted
    on
    rows_to_show.model_id = counted.model_id
    and rows_to_show.kind = counted.kind
    and rows_to_show.value = counted.value
