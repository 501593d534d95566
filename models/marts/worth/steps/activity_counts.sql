with

newest_day as (

    select max(as_of_date) as as_of_date from {{ ref('int_as_of_dates') }}

),

lead_activity_days as (

    select * from {{ ref('int_lead_activity_days') }}
    where event_count > 0

),

activities as (

    select * from {{ ref('int_activities') }}

),

lead_classes as (

    select * from {{ ref('lead_outcome_classes') }}

),

outcome_classes as (

    select * from {{ ref('outcome_classes') }}

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

rules as (

    select rules.*
    from {{ ref('rules') }} as rules
    cross join newest_day
    where rules.kind = 'activity' and {{ is_valid_on('rules', 'newest_day.as_of_date') }}

),

done as (

    select distinct
        lead_activity_days.lead_no,
        lead_activity_days.activity_no
    from lead_activity_days
    inner join newest_day on lead_activity_days.as_of_date = newest_day.as_of_date

),

activities_of_models as (

    select
        scored_models.model_no,
        activities.activity,
        activities.activity_no,
        count(*) over (partition by scored_models.model_no, activities.activity) as times_counted
    from activities
    inner join scored_models
        on {{ is_of_product('scored_models.product', 'activities.named_product') }}

),

-- Most activities name one product or none, so that each lead has each of them once.
counted_once as (

    select
        activities_of_models.model_no,
        activities_of_models.activity,
        lead_classes.class_no,
        count(*) as leads
    from done
    inner join lead_classes on done.lead_no = lead_classes.lead_no
    inner join activities_of_models on done.activity_no = activities_of_models.activity_no
    where activities_of_models.times_counted = 1
    group by
        activities_of_models.model_no, activities_of_models.activity, lead_classes.class_no
    union all
    select
        activities_of_models.model_no,
        activities_of_models.activity,
        lead_classes.class_no,
        count(distinct done.lead_no) as leads
    from done
    inner join lead_classes on done.lead_no = lead_classes.lead_no
    inner join activities_of_models on done.activity_no = activities_of_models.activity_no
    where activities_of_models.times_counted > 1
    group by
        activities_of_models.model_no, activities_of_models.activity, lead_classes.class_no

),

points_of_activities as (

    select
        model_no,
        activities as activity,
        sum(points) as points_now
    from rules
    group by model_no, activities

),

counted as (

    select
        counted_once.model_no,
        outcome_classes.model_id,
        counted_once.activity,
        sum(counted_once.leads) as leads,
        sum(case when outcome_classes.has_outcome then counted_once.leads else 0 end) as outcomes
    from counted_once
    inner join outcome_classes
        on
        counted_once.class_no = outcome_classes.class_no
        and counted_once.model_no = outcome_classes.model_no
    group by counted_once.model_no, outcome_classes.model_id, counted_once.activity

)

select
    counted.model_id,
    counted.activity,
    counted.leads,
    counted.outcomes,
    coalesce(points_of_activities.points_now, 0) as points_now
from counted
left join points_of_activities
    on
    counted.model_no = points_of_activities.model_no
    and counted.activity = points_of_activities.activity
