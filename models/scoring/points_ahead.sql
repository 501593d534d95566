-- The ledger of the days ahead if the lead does nothing more: the same rules and shapes of decay.
with

leads_at_stake as (

    select * from {{ ref('leads_at_stake') }}

),

days_ahead as (

    select * from {{ ref('days_ahead') }}

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

lead_activity_days as (

    select * from {{ ref('int_lead_activity_days') }}

),

activities as (

    select * from {{ ref('int_activities') }}

),

activity_rules as (

    select * from {{ ref('activity_rules') }}

),

sequence_rules as (

    select * from {{ ref('sequence_rule_activities') }}

),

sequence_points as (

    select * from {{ ref('sequence_points') }}

),

lead_attributes as (

    select * from {{ ref('int_lead_attributes') }}

),

completeness as (

    select * from {{ ref('int_lead_completeness') }}

),

attribute_matches as (

    select * from {{ ref('attribute_matches') }}

),

recency_ahead as (

    select * from {{ ref('recency_ahead') }}

),

operands as (

    select * from {{ ref('attribute_rule_operands') }}

),

activity_days as (

    select
        leads_at_stake.as_of_date,
        leads_at_stake.model_id,
        leads_at_stake.lead_id,
        scored_models.product,
        activities.activity,
        activities.named_product,
        lead_activity_days.occurred_on,
        lead_activity_days.counts_until,
        lead_activity_days.event_count
    from leads_at_stake
    inner join scored_models on leads_at_stake.model_id = scored_models.model_id
    inner join lead_activity_days
        on
        leads_at_stake.as_of_date = lead_activity_days.as_of_date
        and leads_at_stake.lead_key = lead_activity_days.lead_key
    inner join activities on lead_activity_days.activity_key = activities.activity_key
    where
        lead_activity_days.event_count > 0
        and {{ is_of_product('scored_models.product', 'activities.named_product') }}

),

rule_days as (

    select
        activity_days.as_of_date,
        activity_days.model_id,
        activity_days.lead_id,
        activity_rules.rule_id,
        activity_rules.valid_from,
        activity_days.occurred_on,
        min(activity_days.counts_until) as counts_until,
        sum(activity_days.event_count) as event_count
    from activity_days
    inner join activity_rules
        on
        activity_days.model_id = activity_rules.model_id
        and activity_days.activity = activity_rules.activity
    group by
        activity_days.as_of_date, activity_days.model_id, activity_days.lead_id,
        activity_rules.rule_id, activity_rules.valid_from, activity_days.occurred_on

),

worth as (

    select
        rule_days.as_of_date,
        days_ahead.ahead_on,
        rule_days.model_id,
        rule_days.lead_id,
        rule_days.rule_id,
        activity_rules.max_points,
        cast(activity_rules.points as {{ type_double() }}) * least(
            rule_days.event_count, cast(activity_rules.max_per_day as {{ type_double() }})
        ) * {{ decay_weight(
            'activity_rules.decay',
            '(' ~ dbt.datediff('rule_days.occurred_on', 'rule_days.counts_until', 'day')
            ~ ' + days_ahead.days_ahead)',
            'activity_rules.half_life_days',
            'activity_rules.floor_weight'
        ) }} as points
    from rule_days
    inner join activity_rules
        on
        rule_days.model_id = activity_rules.model_id
        and rule_days.rule_id = activity_rules.rule_id
        and rule_days.valid_from = activity_rules.valid_from
    inner join days_ahead
        on
        rule_days.as_of_date = days_ahead.as_of_date
        and {{ is_valid_on('activity_rules', 'days_ahead.ahead_on') }}
    where
        {{ dbt.datediff('rule_days.occurred_on', 'rule_days.counts_until', 'day') }}
        + days_ahead.days_ahead
        <= coalesce(floor(activity_rules.max_age_days), {{ var('events_kept_days') }})

),

activity_points as (

    select
        as_of_date,
        ahead_on,
        model_id,
        lead_id,
        rule_id,
        'behavioral' as dimension,
        {{ round_points(hold_within('sum(points)', '-max_points', 'max_points')) }} as points
    from worth
    group by as_of_date, ahead_on, model_id, lead_id, rule_id, max_points

),

-- A sequence ages from its last day; a stale feed that it needs holds it back.
sequence_ages as (

    select
        sequence_points.as_of_date,
        sequence_points.model_id,
        sequence_points.lead_id,
        sequence_points.rule_id,
        sequence_rules.points,
        sequence_rules.decay,
        sequence_rules.half_life_days,
        sequence_rules.valid_to,
        greatest(0, {{ dbt.datediff(
            'sequence_points.occurred_on', 'min(activity_days.counts_until)', 'day'
        ) }}) as age_days
    from sequence_points
    inner join sequence_rules
        on
        sequence_points.model_id = sequence_rules.model_id
        and sequence_points.rule_id = sequence_rules.rule_id
        and {{ is_valid_on('sequence_rules', 'sequence_points.as_of_date') }}
    inner join activity_days
        on
        sequence_points.as_of_date = activity_days.as_of_date
        and sequence_points.model_id = activity_days.model_id
        and sequence_points.lead_id = activity_days.lead_id
        and sequence_rules.activity = activity_days.activity
    group by
        sequence_points.as_of_date, sequence_points.model_id, sequence_points.lead_id,
        sequence_points.rule_id, sequence_points.occurred_on, sequence_rules.points,
        sequence_rules.decay, sequence_rules.half_life_days, sequence_rules.valid_to

),

sequences_ahead as (

    select
        sequence_ages.as_of_date,
        days_ahead.ahead_on,
        sequence_ages.model_id,
        sequence_ages.lead_id,
        sequence_ages.rule_id,
        'behavioral' as dimension,
        {{ round_points(
            'sequence_ages.points * ' ~ decay_weight(
                'sequence_ages.decay',
                '(sequence_ages.age_days + days_ahead.days_ahead)',
                'sequence_ages.half_life_days',
                'null'
            )
        ) }} as points
    from sequence_ages
    inner join days_ahead on sequence_ages.as_of_date = days_ahead.as_of_date
    where sequence_ages.valid_to is null or days_ahead.ahead_on < sequence_ages.valid_to

),

-- What is known of a lead stays as it is.
lasting_matches as (

    select
        leads_at_stake.as_of_date,
        leads_at_stake.lead_id,
        attribute_matches.*
    from leads_at_stake
    inner join lead_attributes
        on
        leads_at_stake.as_of_date = lead_attributes.as_of_date
        and leads_at_stake.lead_id = lead_attributes.lead_id
    inner join attribute_matches
        on
        lead_attributes.attribute = attribute_matches.attribute
        and lead_attributes.value = attribute_matches.value
        and leads_at_stake.model_id = attribute_matches.model_id
    where lead_attributes.attribute not in ('{{ recency_attributes() | join("', '") }}')
    union all
    select
        leads_at_stake.as_of_date,
        leads_at_stake.lead_id,
        attribute_matches.*
    from leads_at_stake
    inner join completeness
        on
        leads_at_stake.as_of_date = completeness.as_of_date
        and leads_at_stake.model_id = completeness.model_id
        and leads_at_stake.lead_id = completeness.lead_id
    inner join attribute_matches
        on
        attribute_matches.attribute = 'completeness_pct'
        and leads_at_stake.model_id = attribute_matches.model_id
        and cast(completeness.completeness_pct as {{ dbt.type_string() }}) = attribute_matches.value

),

recency_values as (

    select distinct
        attribute,
        value
    from recency_ahead

),

recency_matches as (

    select distinct
        operands.dimension,
        operands.model_id,
        operands.rule_id,
        operands.points,
        operands.valid_from,
        operands.valid_to,
        recency_values.attribute,
        recency_values.value
    from recency_values
    inner join operands on recency_values.attribute = operands.attribute
    where {{ operator_is_met('operands.operator', 'recency_values.value', 'operands.operand') }}

),

points_ahead as (

    select * from activity_points
    union all
    select * from sequences_ahead
    union all
    select
        days_ahead.as_of_date,
        days_ahead.ahead_on,
        lasting_matches.model_id,
        lasting_matches.lead_id,
        lasting_matches.rule_id,
        lasting_matches.dimension,
        {{ round_points('lasting_matches.points') }} as points
    from lasting_matches
    inner join days_ahead
        on
        lasting_matches.as_of_date = days_ahead.as_of_date
        and {{ is_valid_on('lasting_matches', 'days_ahead.ahead_on') }}
    union all
    select
        recency_ahead.as_of_date,
        recency_ahead.ahead_on,
        leads_at_stake.model_id,
        recency_ahead.lead_id,
        recency_matches.rule_id,
        recency_matches.dimension,
        {{ round_points('recency_matches.points') }} as points
    from recency_ahead
    inner join leads_at_stake
        on
        recency_ahead.as_of_date = leads_at_stake.as_of_date
        and recency_ahead.lead_id = leads_at_stake.lead_id
    inner join recency_matches
        on
        recency_ahead.attribute = recency_matches.attribute
        and recency_ahead.value = recency_matches.value
        and leads_at_stake.model_id = recency_matches.model_id
        and {{ is_valid_on('recency_matches', 'recency_ahead.ahead_on') }}

)

select * from points_ahead
