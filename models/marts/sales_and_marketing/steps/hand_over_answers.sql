with

hand_overs as (

    select * from {{ source('tiering', 'hand_overs') }}

),

verdicts as (

    select * from {{ ref('int_lead_verdicts') }}

),

newest_day as (

    select max(as_of_date) as as_of_date from {{ ref('int_as_of_dates') }}

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
        hand_overs.draw_probability is not null as is_drawn,
        case
            when hand_overs.recycled_on <= newest_day.as_of_date then hand_overs.recycle_reason
        end as recycle_reason,
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

)

-- The last verdict is what sales thinks, the first one ended the waiting.
select
    hand_overs_so_far.idempotency_key,
    hand_overs_so_far.model_id,
    hand_overs_so_far.tier,
    hand_overs_so_far.sla_hours,
    hand_overs_so_far.is_drawn,
    answers.verdict,
    answers.reason,
    case
        when left(hand_overs_so_far.recycle_reason, 5) = 'deal '
            then hand_overs_so_far.recycle_reason
    end as deal_reason,
    greatest(0, {{ divided(dbt.datediff(
        'hand_overs_so_far.clock_starts_at',
        'coalesce(answers.first_decided_at, hand_overs_so_far.ends_at)',
        'second'
    ), '3600.0') }}) as waited_hours
from hand_overs_so_far
left join answers
    on
    hand_overs_so_far.idempotency_key = answers.idempotency_key
    and answers.recency = 1
union all
select
    null as idempotency_key,
    null as model_id,
    null as tier,
    null as sla_hours,
    null as is_drawn,
    verdict,
    reason,
    null as deal_reason,
    null as waited_hours
from dated_verdicts
where due_on is null
