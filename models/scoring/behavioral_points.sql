with

lead_activity_days as (

    select * from {{ ref('int_lead_activity_days') }}

),

activities as (

    select * from {{ ref('int_activities') }}

),

people as (

    select * from {{ ref('int_people') }}

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

activity_rules as (

    select * from {{ ref('activity_rules') }}

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

rules_as_of as (

    select
        as_of_dates.as_of_date,
        scored_models.product,
        activity_rules.model_id,
        activity_rules.rule_id,
        activity_rules.activity,
        activity_rules.reason,
        activity_rules.decay,
        activity_rules.half_life_days,
        activity_rules.floor_weight,
        activity_rules.max_points,
        -- Floating point: exact enough for the four decimals of a ledger row, and much cheaper.
        cast(activity_rules.points as {{ type_double() }}) as points,
        cast(activity_rules.max_per_day as {{ type_double() }}) as max_per_day,
        cast(floor(activity_rules.max_age_days) as integer) as max_age_days,
        {{ key_of(['activity_rules.model_id', 'activity_rules.rule_id']) }} as rule_key
    from activity_rules
    cross join as_of_dates
    inner join scored_models on activity_rules.model_id = scored_models.model_id
    where {{ is_valid_on('activity_rules', 'as_of_dates.as_of_date') }}

),

-- A model of one product counts what names a product only where it is its own.
rule_activities as (

    select
        rules_as_of.as_of_date,
        rules_as_of.rule_key,
        coalesce(rules_as_of.max_age_days, {{ var('events_kept_days') }}) as max_age_days,
        activities.activity_key
    from rules_as_of
    inner join activities
        on
        rules_as_of.activity = activities.activity
        and {{ is_of_product('rules_as_of.product', 'activities.named_product') }}

),

rule_days as (

    select
        lead_activity_days.as_of_date,
        lead_activity_days.lead_key,
        rule_activities.rule_key,
        lead_activity_days.occurred_on,
        min(lead_activity_days.counts_until) as counts_until,
        sum(lead_activity_days.event_count) as event_count
    from lead_activity_days
    inner join rule_activities
        on
        lead_activity_days.as_of_date = rule_activities.as_of_date
        and lead_activity_days.activity_key = rule_activities.activity_key
        and {{ dbt.datediff(
            'lead_activity_days.occurred_on', 'lead_activity_days.counts_until', 'day'
        ) }} <= rule_activities.max_age_days
    where lead_activity_days.event_count > 0
    group by
        lead_activity_days.as_of_date, lead_activity_days.lead_key, rule_activities.rule_key,
        lead_activity_days.occurred_on

),

-- What a day's activities were worth on the day itself, and what time has left of it.
worth as (

    select
        rule_days.as_of_date,
        rule_days.lead_key,
        rule_days.rule_key,
        rule_days.occurred_on,
        rule_days.event_count,
        rules_as_of.points * least(rule_days.event_count, rules_as_of.max_per_day) as day_points,
        {{ decay_weight(
            'rules_as_of.decay',
            dbt.datediff('rule_days.occurred_on', 'rule_days.counts_until', 'day'),
            'rules_as_of.half_life_days',
            'rules_as_of.floor_weight'
        ) }} as weight
    from rule_days
    inner join rules_as_of
        on
        rule_days.as_of_date = rules_as_of.as_of_date
        and rule_days.rule_key = rules_as_of.rule_key

),

summed as (

    select
        as_of_date,
        lead_key,
        rule_key,
        max(occurred_on) as occurred_on,
        cast(sum(event_count) as {{ dbt.type_bigint() }}) as event_count,
        sum(day_points) as raw_points,
        sum(day_points * weight) as decayed_points
    from worth
    group by as_of_date, lead_key, rule_key

)

select
    summed.as_of_date,
    rules_as_of.model_id,
    people.lead_id,
    rules_as_of.rule_id,
    'behavioral' as dimension,
    rules_as_of.reason,
    cast(summed.event_count as {{ dbt.type_string() }}) || ' × '
    || replace(rules_as_of.activity, '_', ' ')
    || ', last on ' || cast(summed.occurred_on as {{ dbt.type_string() }}) as evidence,
    summed.occurred_on,
    summed.event_count,
    {{ round_points(hold_in_ledger('summed.raw_points')) }} as raw_points,
    {{ round_points(
        hold_within('summed.decayed_points', '-rules_as_of.max_points', 'rules_as_of.max_points')
    ) }} as points
from summed
inner join rules_as_of
    on summed.as_of_date = rules_as_of.as_of_date and summed.rule_key = rules_as_of.rule_key
inner join people on summed.as_of_date = people.as_of_date and summed.lead_key = people.lead_key
