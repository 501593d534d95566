with

history as (

    select * from {{ source('tiering', 'lead_score_history') }}

),

scored_days as (

    select * from {{ source('tiering', 'scored_days') }}

),

last_days as (

    select
        model_id,
        max(as_of_date) as last_day
    from scored_days
    group by model_id

),

-- The same history twice: with the tiers as they were, and as the score alone would have set them.
tiers_by_day as (

    select
        model_id,
        lead_id,
        valid_from,
        'tier' as kind,
        tier
    from history
    union all
    select
        model_id,
        lead_id,
        valid_from,
        'tier_by_score' as kind,
        tier_by_score as tier
    from history

),

steps as (

    select
        *,
        lag(tier) over (partition by model_id, lead_id, kind order by valid_from) as tier_before,
        lag(valid_from) over (partition by model_id, lead_id, kind order by valid_from)
            as from_before
    from tiers_by_day

),

changes as (

    select
        model_id,
        lead_id,
        kind,
        valid_from as changed_on,
        tier_before,
        tier
    from steps
    where from_before is not null and coalesce(tier, '') <> coalesce(tier_before, '')

),

-- A change is undone where the lead is back in the tier it left within two weeks.
flaps as (

    select distinct
        changes.model_id,
        changes.lead_id,
        changes.kind,
        changes.changed_on
    from changes
    inner join changes as back
        on
        changes.model_id = back.model_id
        and changes.lead_id = back.lead_id
        and changes.kind = back.kind
        and back.changed_on > changes.changed_on
        and back.changed_on <= changes.changed_on + 14
        and coalesce(back.tier, '') = coalesce(changes.tier_before, '')

),

counted_changes as (

    select
        model_id,
        count(case when kind = 'tier' then 1 end) as changes,
        count(case when kind = 'tier_by_score' then 1 end) as changes_by_score
    from changes
    group by model_id

),

counted_flaps as (

    select
        model_id,
        count(case when kind = 'tier' then 1 end) as flaps,
        count(case when kind = 'tier_by_score' then 1 end) as flaps_by_score
    from flaps
    group by model_id

),

lead_days as (

    select
        history.model_id,
        min(history.valid_from) as first_day,
        max(last_days.last_day) as last_day,
        cast(
            sum({{ dbt.datediff(
                'history.valid_from',
                'coalesce(history.valid_to, cast(last_days.last_day + 1 as date))',
                'day'
            ) }}) as {{ dbt.type_bigint() }}
        ) as lead_days
    from history
    inner join last_days on history.model_id = last_days.model_id
    group by history.model_id

)

select
    lead_days.model_id,
    lead_days.first_day,
    lead_days.last_day,
    lead_days.lead_days,
    coalesce(counted_changes.changes, 0) as changes,
    coalesce(counted_flaps.flaps, 0) as flaps,
    {{ as_decimal(
        divided('coalesce(counted_flaps.flaps, 0) * 30000.0', 'lead_days.lead_days'), 12, 4
    ) }} as flap_rate,
    coalesce(counted_changes.changes_by_score, 0) as changes_by_score,
    coalesce(counted_flaps.flaps_by_score, 0) as flaps_by_score,
    {{ as_decimal(
        divided('coalesce(counted_flaps.flaps_by_score, 0) * 30000.0', 'lead_days.lead_days'), 12, 4
    ) }} as flap_rate_by_score
from lead_days
left join counted_changes on lead_days.model_id = counted_changes.model_id
left join counted_flaps on lead_days.model_id = counted_flaps.model_id
