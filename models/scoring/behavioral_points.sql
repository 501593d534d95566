with

lead_activity_days as (

    select * from {{ ref('int_lead_activity_days') }}
    where event_count > 0

),

rule_activities as (

    select * from {{ ref('rule_activities') }}
    where kind = 'activity'

),

rules as (

    select
        *,
        -- Floating point: exact enough for the four decimals of a ledger row, and much cheaper.
        cast(points as {{ type_double() }}) as event_points,
        cast(max_per_day as {{ type_double() }}) as events_per_day
    from {{ ref('rules') }}

),

rule_weights as (

    select * from {{ ref('rule_weights') }}

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

rules_as_of as (

    select
        as_of_dates.as_of_date,
        rule_activities.rule_no,
        rule_activities.activity_no,
        rule_activities.activities_counted,
        rules.max_age_days
    from rule_activities
    inner join rules on rule_activities.rule_no = rules.rule_no
    inner join as_of_dates on {{ is_valid_on('rules', 'as_of_dates.as_of_date') }}

),

-- Where several products name the activity, the limit of a day holds for all of them together.
rule_days as (

    select
        lead_activity_days.as_of_date,
        lead_activity_days.lead_no,
        rules_as_of.rule_no,
        lead_activity_days.days_ago,
        lead_activity_days.age,
        lead_activity_days.event_count
    from lead_activity_days
    inner join rules_as_of
        on
        lead_activity_days.as_of_date = rules_as_of.as_of_date
        and lead_activity_days.activity_no = rules_as_of.activity_no
    where rules_as_of.activities_counted = 1
    union all
    select
        lead_activity_days.as_of_date,
        lead_activity_days.lead_no,
        rules_as_of.rule_no,
        lead_activity_days.days_ago,
        min(lead_activity_days.age) as age,
        sum(lead_activity_days.event_count) as event_count
    from lead_activity_days
    inner join rules_as_of
        on
        lead_activity_days.as_of_date = rules_as_of.as_of_date
        and lead_activity_days.activity_no = rules_as_of.activity_no
        and (
            rules_as_of.max_age_days is null
            or lead_activity_days.age <= rules_as_of.max_age_days
        )
    where rules_as_of.activities_counted > 1
    group by
        lead_activity_days.as_of_date, lead_activity_days.lead_no, rules_as_of.rule_no,
        lead_activity_days.days_ago

),

-- What a day's activities were worth on the day itself, and what time has left of it.
summed as (

    select
        rule_days.as_of_date,
        rule_days.lead_no,
        rule_days.rule_no,
        min(rule_days.days_ago) as days_ago,
        sum(rule_days.event_count) as event_count,
        sum(rules.event_points * least(rule_days.event_count, rules.events_per_day)) as raw_points,
        sum(
            rules.event_points * least(rule_days.event_count, rules.events_per_day)
            * rule_weights.weight
        ) as points
    from rule_days
    inner join rules on rule_days.rule_no = rules.rule_no
    inner join rule_weights
        on rule_days.rule_no = rule_weights.rule_no and rule_days.age = rule_weights.age
    group by rule_days.as_of_date, rule_days.lead_no, rule_days.rule_no

)

select
    summed.as_of_date,
    summed.lead_no,
    summed.rule_no,
    summed.days_ago,
    cast(summed.event_count as integer) as event_count,
    {{ round_points(hold_in_ledger('summed.raw_points')) }} as raw_points,
    {{ round_points(
        hold_within('summed.points', '-rules.max_points', 'rules.max_points')
    ) }} as points
from summed
inner join rules on summed.rule_no = rules.rule_no
