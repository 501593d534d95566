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

sequence_rule_activities as (

    select * from {{ ref('sequence_rule_activities') }}

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

rule_activities as (

    select
        as_of_dates.as_of_date,
        activities.activity_key,
        {{ key_of(['sequence_rule_activities.model_id', 'sequence_rule_activities.rule_id']) }}
            as rule_key,
        sequence_rule_activities.*
    from sequence_rule_activities
    cross join as_of_dates
    inner join scored_models on sequence_rule_activities.model_id = scored_models.model_id
    inner join activities
        on
        sequence_rule_activities.activity = activities.activity
        and {{ is_of_product('scored_models.product', 'activities.named_product') }}
    where {{ is_valid_on('sequence_rule_activities', 'as_of_dates.as_of_date') }}

),

rules as (

    select distinct
        as_of_date,
        rule_key,
        model_id,
        rule_id,
        activities,
        activities_needed,
        within_days,
        points,
        decay,
        half_life_days,
        reason
    from rule_activities

),

rule_days as (

    select
        lead_activity_days.as_of_date,
        lead_activity_days.lead_key,
        rule_activities.rule_key,
        rule_activities.activity,
        rule_activities.within_days,
        rule_activities.activities_needed,
        lead_activity_days.counts_until,
        lead_activity_days.occurred_on
    from lead_activity_days
    inner join rule_activities
        on
        lead_activity_days.as_of_date = rule_activities.as_of_date
        and lead_activity_days.activity_key = rule_activities.activity_key
    where lead_activity_days.event_count > 0

),

-- Few leads have done all of it at any time; only theirs is looked at day by day.
candidates as (

    select
        as_of_date,
        lead_key,
        rule_key,
        min(counts_until) as counts_until
    from rule_days
    group by as_of_date, lead_key, rule_key, activities_needed
    having count(distinct activity) = activities_needed

),

candidate_days as (

    select rule_days.*
    from rule_days
    inner join candidates
        on
        rule_days.as_of_date = candidates.as_of_date
        and rule_days.lead_key = candidates.lead_key
        and rule_days.rule_key = candidates.rule_key

),

last_days as (

    select distinct
        as_of_date,
        lead_key,
        rule_key,
        occurred_on
    from candidate_days

),

-- Each day on which one of the activities happened, where all of them had happened within the
-- window that ends with it.
days_met as (

    select
        last_days.as_of_date,
        last_days.lead_key,
        last_days.rule_key,
        last_days.occurred_on
    from last_days
    inner join candidate_days
        on
        last_days.as_of_date = candidate_days.as_of_date
        and last_days.lead_key = candidate_days.lead_key
        and last_days.rule_key = candidate_days.rule_key
        and candidate_days.occurred_on <= last_days.occurred_on
        and {{ dbt.datediff('candidate_days.occurred_on', 'last_days.occurred_on', 'day') }}
        < candidate_days.within_days
    group by
        last_days.as_of_date, last_days.lead_key, last_days.rule_key, last_days.occurred_on,
        candidate_days.activities_needed
    having count(distinct candidate_days.activity) = candidate_days.activities_needed

),

met as (

    select
        as_of_date,
        lead_key,
        rule_key,
        max(occurred_on) as occurred_on
    from days_met
    group by as_of_date, lead_key, rule_key

),

aged as (

    select
        met.as_of_date,
        people.lead_id,
        met.occurred_on,
        greatest(0, {{ dbt.datediff('met.occurred_on', 'candidates.counts_until', 'day') }})
            as age_days,
        rules.model_id,
        rules.rule_id,
        rules.activities,
        rules.activities_needed,
        rules.within_days,
        rules.points,
        rules.decay,
        rules.half_life_days,
        rules.reason
    from met
    inner join candidates
        on
        met.as_of_date = candidates.as_of_date
        and met.lead_key = candidates.lead_key
        and met.rule_key = candidates.rule_key
    inner join rules on met.as_of_date = rules.as_of_date and met.rule_key = rules.rule_key
    inner join people on met.as_of_date = people.as_of_date and met.lead_key = people.lead_key

),

sequence_points as (

    select
        as_of_date,
        model_id,
        lead_id,
        rule_id,
        'behavioral' as dimension,
        reason,
        replace(replace(activities, '|', ' + '), '_', ' ') || ' within '
        || cast(cast(within_days as {{ dbt.type_bigint() }}) as {{ dbt.type_string() }})
        || ' days, last on ' || cast(occurred_on as {{ dbt.type_string() }}) as evidence,
        occurred_on,
        cast(activities_needed as {{ dbt.type_bigint() }}) as event_count,
        {{ round_points('points') }} as raw_points,
        {{ round_points(
            'points * ' ~ decay_weight('decay', 'age_days', 'half_life_days', 'null')
        ) }} as points
    from aged

)

select * from sequence_points
