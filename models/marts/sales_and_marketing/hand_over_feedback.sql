with

hand_overs as (

    select * from {{ source('tiering', 'hand_overs') }}

),

hand_over_rules as (

    select * from {{ source('tiering', 'hand_over_rules') }}

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

verdicts as (

    select * from {{ ref('int_lead_verdicts') }}

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

newest_day as (

    select max(as_of_date) as as_of_date from as_of_dates

),

-- The clock of a hand-over starts when it is released, at the end of its day at the latest.
hand_overs_so_far as (

    select
        newest_day.as_of_date,
        hand_overs.idempotency_key,
        hand_overs.model_id,
        hand_overs.lead_id,
        hand_overs.due_on,
        hand_overs.tier,
        hand_overs.sla_hours,
        least(
            coalesce(hand_overs.released_at, cast(hand_overs.due_on + 1 as timestamp)),
            cast(hand_overs.due_on + 1 as timestamp)
        ) as clock_starts_at,
        cast(newest_day.as_of_date + 1 as timestamp) as ends_at
    from hand_overs
    inner join newest_day on hand_overs.due_on <= newest_day.as_of_date

),

-- A verdict answers what was handed over on the latest day on or before its own.
dated_verdicts as (

    select
        verdicts.lead_id,
        verdicts.verdict,
        verdicts.reason,
        verdicts.decided_at,
        max(hand_overs_so_far.due_on) as due_on
    from verdicts
    inner join newest_day on verdicts.as_of_date = newest_day.as_of_date
    left join hand_overs_so_far
        on verdicts.lead_id = hand_overs_so_far.lead_id
        and verdicts.decided_on >= hand_overs_so_far.due_on
    group by verdicts.lead_id, verdicts.verdict, verdicts.reason, verdicts.decided_at

),

answers as (

    select
        hand_overs_so_far.idempotency_key,
        dated_verdicts.verdict,
        coalesce(dated_verdicts.reason, 'no reason given') as reason,
        min(dated_verdicts.decided_at) over (
            partition by hand_overs_so_far.idempotency_key
        ) as first_decided_at,
        row_number() over (
            partition by hand_overs_so_far.idempotency_key
            order by
                dated_verdicts.decided_at desc, dated_verdicts.verdict asc,
                dated_verdicts.reason asc
        ) as recency
    from hand_overs_so_far
    inner join dated_verdicts
        on
        hand_overs_so_far.lead_id = dated_verdicts.lead_id
        and hand_overs_so_far.due_on = dated_verdicts.due_on

),

-- The last verdict is what sales thinks, the first one ended the waiting.
answered as (

    select
        hand_overs_so_far.*,
        answers.verdict,
        answers.reason,
        answers.first_decided_at,
        greatest(0, {{ dbt.datediff(
            'hand_overs_so_far.clock_starts_at',
            'coalesce(answers.first_decided_at, hand_overs_so_far.ends_at)',
            'second'
        ) }} / 3600.0) as waited_hours
    from hand_overs_so_far
    left join answers
        on
        hand_overs_so_far.idempotency_key = answers.idempotency_key
        and answers.recency = 1

),

judged as (

    select
        idempotency_key,
        model_id,
        tier,
        reason,
        1 as hand_over,
        case when verdict = 'accepted' then 1 else 0 end as accepted,
        case when verdict = 'rejected' then 1 else 0 end as rejected,
        case when verdict is null then 1 else 0 end as open,
        case when verdict is not null then waited_hours end as response_hours,
        -- One that waits within its time is neither in time nor late.
        case
            when verdict is not null and waited_hours <= sla_hours then 1
            when waited_hours > sla_hours then 0
        end as is_within_sla
    from answered

),

models as (

    select model_id from scored_models
    union
    select model_id from hand_overs_so_far

),

-- Each hand-over under all that it is to be counted by; a model without any counts none.
told_apart as (

    select
        judged.model_id,
        'tier' as kind,
        judged.tier as value,
        judged.hand_over,
        judged.accepted,
        judged.rejected,
        judged.open,
        judged.response_hours,
        judged.is_within_sla
    from judged
    union all
    select
        judged.model_id,
        'rule' as kind,
        hand_over_rules.rule_id as value,
        judged.hand_over,
        judged.accepted,
        judged.rejected,
        judged.open,
        judged.response_hours,
        judged.is_within_sla
    from judged
    inner join hand_over_rules on judged.idempotency_key = hand_over_rules.idempotency_key
    union all
    select
        judged.model_id,
        'reason' as kind,
        judged.reason as value,
        judged.hand_over,
        judged.accepted,
        judged.rejected,
        judged.open,
        judged.response_hours,
        judged.is_within_sla
    from judged
    where judged.rejected = 1
    union all
    select
        models.model_id,
        'all' as kind,
        'all hand-overs' as value,
        coalesce(judged.hand_over, 0) as hand_over,
        coalesce(judged.accepted, 0) as accepted,
        coalesce(judged.rejected, 0) as rejected,
        coalesce(judged.open, 0) as open,
        judged.response_hours,
        judged.is_within_sla
    from models
    left join judged on models.model_id = judged.model_id
    union all
    select
        models.model_id,
        'all' as kind,
        'without a hand-over' as value,
        0 as hand_over,
        case when dated_verdicts.verdict = 'accepted' then 1 else 0 end as accepted,
        case when dated_verdicts.verdict = 'rejected' then 1 else 0 end as rejected,
        0 as open,
        null as response_hours,
        null as is_within_sla
    from models
    inner join dated_verdicts on dated_verdicts.due_on is null

),

counted as (

    select
        model_id,
        kind,
        value,
        cast(sum(hand_over) as {{ dbt.type_bigint() }}) as hand_overs,
        cast(sum(accepted) as {{ dbt.type_bigint() }}) as accepted,
        cast(sum(rejected) as {{ dbt.type_bigint() }}) as rejected,
        cast(sum(open) as {{ dbt.type_bigint() }}) as open,
        cast({{ median_of('response_hours') }} as decimal(9, 1)) as median_response_hours,
        {{ percentage_of('sum(is_within_sla)', 'count(is_within_sla)') }}
            as answered_within_sla_pct,
        -- Of the reasons for a rejection none is ever accepted.
        case when kind <> 'reason' then sum(accepted) end as hits,
        case when kind <> 'reason' then sum(accepted + rejected) end as decided
    from told_apart
    group by model_id, kind, value

)

select
    newest_day.as_of_date,
    counted.model_id,
    counted.kind,
    counted.value,
    counted.hand_overs,
    counted.accepted,
    counted.rejected,
    counted.open,
    {{ share_of('counted.hits', 'counted.decided') }} as acceptance_rate,
    {{ wilson_low('counted.hits', 'counted.decided') }} as acceptance_low,
    {{ wilson_high('counted.hits', 'counted.decided') }} as acceptance_high,
    counted.median_response_hours,
    counted.answered_within_sla_pct
from counted
cross join newest_day
