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

-- A model of one product counts what names a product only where it is its own.
model_days as (

    select
        lead_activity_days.as_of_date,
        scored_models.model_id,
        lead_activity_days.lead_id,
        lead_activity_days.activity,
        lead_activity_days.occurred_on,
        {{ dbt.datediff(
            'lead_activity_days.occurred_on', 'lead_activity_days.as_of_date', 'day'
        ) }} as age_days,
        sum(lead_activity_days.event_count) as event_count
    from lead_activity_days
    inner join scored_models
        on {{ is_of_product('scored_models.product', 'lead_activity_days.named_product') }}
    where lead_activity_days.event_count > 0
    group by
        lead_activity_days.as_of_date, scored_models.model_id, lead_activity_days.lead_id,
        lead_activity_days.activity, lead_activity_days.occurred_on

),

-- What a day's activities were worth on the day itself, and what time has left of it.
rule_days as (

    select
        model_days.as_of_date,
        model_days.model_id,
        model_days.lead_id,
        activity_rules.rule_id,
        activity_rules.activity,
        activity_rules.reason,
        activity_rules.max_points,
        model_days.occurred_on,
        model_days.event_count,
        activity_rules.points * least(model_days.event_count, activity_rules.max_per_day)
            as day_points,
        {{ decay_weight(
            'activity_rules.decay', 'model_days.age_days', 'activity_rules.half_life_days',
            'activity_rules.floor_weight'
        ) }} as weight
    from model_days
    inner join activity_rules
        on
        model_days.model_id = activity_rules.model_id
        and model_days.activity = activity_rules.activity
        and model_days.age_days <= coalesce(activity_rules.max_age_days, model_days.age_days)
        and {{ is_valid_on('activity_rules', 'model_days.as_of_date') }}

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
