with

history as (

    select * from {{ source('tiering', 'lead_score_history') }}

),

scored_days as (

    select * from {{ source('tiering', 'scored_days') }}

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

model_tiers as (

    select * from {{ ref('model_tiers') }}

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

newest_day as (

    select max(as_of_date) as newest_as_of_date from as_of_dates

),

days_so_far as (

    select
        scored_days.model_id,
        scored_days.as_of_date,
        min(scored_days.as_of_date) over (partition by scored_days.model_id) as first_day,
        max(scored_days.as_of_date) over (
            partition by
                scored_days.model_id,
                extract(year from scored_days.as_of_date),
                extract(month from scored_days.as_of_date)
        ) as last_day_of_month
    from scored_days
    inner join newest_day on scored_days.as_of_date <= newest_day.newest_as_of_date
    inner join scored_models on scored_days.model_id = scored_models.model_id

),

-- A stretch of days adds its lead on its first day and takes it away on the day after its last:
-- the sums up to a day are that day's, and the history is read once, however many days are asked.
changes as (

    select
        history.model_id,
        history.valid_from as changed_on,
        1 as leads,
        case when history.score is not null then 1 else 0 end as known_scores,
        coalesce(history.score, 0) as score,
        case when model_tiers.hands_over then 1 else 0 end as in_hand_over_tiers
    from history
    left join model_tiers
        on history.model_id = model_tiers.model_id and history.tier = model_tiers.tier
    union all
    select
        history.model_id,
        history.valid_to as changed_on,
        -1 as leads,
        case when history.score is not null then -1 else 0 end as known_scores,
        -coalesce(history.score, 0) as score,
        case when model_tiers.hands_over then -1 else 0 end as in_hand_over_tiers
    from history
    left join model_tiers
        on history.model_id = model_tiers.model_id and history.tier = model_tiers.tier
    where history.valid_to is not null

),

changes_by_day as (

    select
        model_id,
        changed_on,
        sum(leads) as leads,
        sum(known_scores) as known_scores,
        sum(score) as score,
        sum(in_hand_over_tiers) as in_hand_over_tiers
    from changes
    group by model_id, changed_on

),

sums as (

    select
        model_id,
        changed_on,
        lead(changed_on) over (partition by model_id order by changed_on) as next_changed_on,
        sum(leads) over (
            partition by model_id order by changed_on
            rows between unbounded preceding and current row
        ) as leads,
        sum(known_scores) over (
            partition by model_id order by changed_on
            rows between unbounded preceding and current row
        ) as known_scores,
        sum(score) over (
            partition by model_id order by changed_on
            rows between unbounded preceding and current row
        ) as score,
        sum(in_hand_over_tiers) over (
            partition by model_id order by changed_on
            rows between unbounded preceding and current row
        ) as in_hand_over_tiers
    from changes_by_day

),

states as (

    select
        model_id,
        changed_on,
        next_changed_on,
        cast(leads as {{ dbt.type_bigint() }}) as leads,
        {{ as_decimal(divided('1.0 * score', 'nullif(known_scores, 0)'), 12, 4) }} as mean_score,
        {{ percentage_of('in_hand_over_tiers', 'leads') }} as hand_over_pct
    from sums

),

month_ends as (

    select
        *,
        cast(as_of_date - 30 as date) as day_30_days_before
    from days_so_far
    where as_of_date = last_day_of_month

)

select
    month_ends.model_id,
    month_ends.as_of_date,
    month_ends.first_day,
    coalesce(states.leads, 0) as leads,
    states.mean_score,
    states.hand_over_pct,
    cast(states.mean_score - first_states.mean_score as decimal(12, 4))
        as mean_score_change_since_first_day,
    cast(states.hand_over_pct - first_states.hand_over_pct as decimal(5, 2))
        as hand_over_pct_change_since_first_day,
    cast(states.mean_score - earlier_states.mean_score as decimal(12, 4))
        as mean_score_change_in_30_days,
    cast(states.hand_over_pct - earlier_states.hand_over_pct as decimal(5, 2))
        as hand_over_pct_change_in_30_days
from month_ends
left join states
    on month_ends.model_id = states.model_id
    and month_ends.as_of_date >= states.changed_on
    and (month_ends.as_of_date < states.next_changed_on or states.next_changed_on is null)
left join states as first_states
    on month_ends.model_id = first_states.model_id
    and month_ends.first_day >= first_states.changed_on
    and (
        month_ends.first_day < first_states.next_changed_on
        or first_states.next_changed_on is null
    )
left join states as earlier_states
    on month_ends.model_id = earlier_states.model_id
    and month_ends.day_30_days_before >= earlier_states.changed_on
    and (
        month_ends.day_30_days_before < earlier_states.next_changed_on
        or earlier_states.next_changed_on is null
    )
