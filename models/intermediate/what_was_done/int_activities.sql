with

event_kind_activities as (

    select * from {{ ref('int_event_kind_activities') }}

)

select distinct
    activity_no,
    activity,
    named_product
from event_kind_activities
