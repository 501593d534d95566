with

lead_activity_days as (

    select * from {{ ref('int_lead_activity_days') }}

)

select
    as_of_date,
    lead_id,
    activity,
    cast(sum(seen_count) as {{ dbt.type_bigint() }}) as seen_count,
    cast(sum(event_count) as {{ dbt.type_bigint() }}) as event_count,
    min(case when event_count > 0 then occurred_on end) as first_occurred_on,
    max(case when event_count > 0 then occurred_on end) as last_occurred_on
from lead_activity_days
group by as_of_date, lead_id, activity
