with

lead_activity_days as (

    select * from {{ ref('int_lead_activity_days') }}

),

activity_rules as (

    select * from {{ ref('activity_rules') }}

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

aged_days as (

    select
        *,
        {{ dbt.datediff('occurred_on', 'as_of_date', 'day') }} as age_days
    from lead_activity_days

),

-- What a day's activities were worth on the day itself, and what time has left of it.
rule_days as (

    select
        aged_days.as_of_date,
        activity_rules.model_id,
        aged_days.lead_id,
        activity_rules.rule_id,
        activity_rules.activity,
        activity_rules.reason,
        activity_rules.max_points,
        aged_days.occurred_on,
        aged_days.event_count,
        activity_rules.points * least(aged_days.event_count, activity_rules.max_per_day)
            as day_points,
        {{ decay_weight(
            'activity_rules.decay', 'aged_days.age_days', 'activity_rules.half_life_days',
            'activity_rules.floor_weight'
        ) }} as weight
    from aged_days
    inner join activity_rules
        on aged_days.activity = activity_rules.activity
        and aged_days.age_days <= coalesce(activity_rules.max_age_days, aged_days.age_days)
        and {{ is_valid_on('activity_rules', 'aged_days.as_of_date') }}
    inner join scored_models on activity_rules.model_id = scored_models.model_id

),

summed as (

    select
        as_of_date,
        model_id,
        lead_id,
        rule_id,
        activity,
        reason,
        max_points,
        max(occurred_on) as occurred_on,
        cast(sum(event_count) as {{ dbt.type_bigint() }}) as event_count,
        sum(day_points) as raw_points,
        sum(day_points * weight) as decayed_points
    from rule_days
    group by as_of_date, model_id, lead_id, rule_id, activity, reason, max_points

),

behavioral_points as (

    select
        as_of_date,
        model_id,
        lead_id,
        rule_id,
        'behavioral' as dimension,
        reason,
        cast(event_count as {{ dbt.type_string() }}) || ' × ' || replace(activity, '_', ' ')
        || ', last on ' || cast(occurred_on as {{ dbt.type_string() }}) as evidence,
        occurred_on,
        event_count,
        {{ round_points('raw_points') }} as raw_points,
        {{ round_points(hold_within('decayed_points', '-max_points', 'max_points')) }} as points
    from summed

)

select * from behavioral_points
