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

sequence_rule_activities as (

    select * from {{ ref('sequence_rule_activities') }}

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

rule_days as (

    select
        lead_activity_days.as_of_date,
        lead_activity_days.lead_key,
        lead_activity_days.occurred_on,
        sequence_rule_activities.*
    from lead_activity_days
    inner join activities on lead_activity_days.activity_key = activities.activity_key
    inner join sequence_rule_activities
        on
        activities.activity = sequence_rule_activities.activity
        and {{ is_valid_on('sequence_rule_activities', 'lead_activity_days.as_of_date') }}
    inner join scored_models
        on
        sequence_rule_activities.model_id = scored_models.model_id
        and {{ is_of_product('scored_models.product', 'activities.named_product') }}
    where lead_activity_days.event_count > 0

),

last_days as (

    select distinct
        as_of_date,
        model_id,
        lead_key,
        rule_id,
        occurred_on
    from rule_days

),

-- For each day on which one of the activities happened: which of them had happened within the
-- window that ends with it.
windows as (

    select
        rule_days.as_of_date,
        rule_days.model_id,
        rule_days.lead_key,
        rule_days.rule_id,
        rule_days.activities,
        rule_days.points,
        rule_days.decay,
        rule_days.half_life_days,
        rule_days.reason,
        rule_days.within_days,
        rule_days.activities_needed,
        last_days.occurred_on,
        count(distinct rule_days.activity) as activities_found
    from last_days
    inner join rule_days
        on
        last_days.as_of_date = rule_days.as_of_date
        and last_days.model_id = rule_days.model_id
        and last_days.lead_key = rule_days.lead_key
        and last_days.rule_id = rule_days.rule_id
        and rule_days.occurred_on <= last_days.occurred_on
        and {{ dbt.datediff('rule_days.occurred_on', 'last_days.occurred_on', 'day') }}
        < rule_days.within_days
    group by
        rule_days.as_of_date, rule_days.model_id, rule_days.lead_key, rule_days.rule_id,
        rule_days.activities, rule_days.points, rule_days.decay, rule_days.half_life_days,
        rule_days.reason, rule_days.within_days, rule_days.activities_needed,
        last_days.occurred_on

),

met as (

    select
        *,
        row_number() over (
            partition by as_of_date, model_id, lead_key, rule_id order by occurred_on desc
        ) as recency
    from windows
    where activities_found = activities_needed

),

aged as (

    select
        *,
        {{ dbt.datediff('occurred_on', 'as_of_date', 'day') }} as age_days
    from met
    where recency = 1

),

sequence_points as (

    select
        aged.as_of_date,
        aged.model_id,
        people.lead_id,
        aged.rule_id,
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
    inner join people on aged.as_of_date = people.as_of_date and aged.lead_key = people.lead_key

)

select * from sequence_points
