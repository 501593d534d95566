with

lead_activity_days as (

    select * from {{ ref('int_lead_activity_days') }}
    where event_count > 0

),

attribute_activities as (

    select * from {{ ref('int_attribute_activities') }}
    where activity_no is not null

)

select
    lead_activity_days.as_of_date,
    lead_activity_days.lead_no,
    attribute_activities.attribute_no,
    {{ activity_measures('lead_activity_days', 'lead_activity_days.age') }}
from lead_activity_days
inner join attribute_activities
    on
    lead_activity_days.activity_no = attribute_activities.activity_no
    and lead_activity_days.age < attribute_activities.within_days
where {{ is_valid_on('attribute_activities', 'lead_activity_days.as_of_date') }}
group by
    lead_activity_days.as_of_date, lead_activity_days.lead_no, attribute_activities.attribute_no
