with

leads as (

    select * from {{ ref('int_leads') }}
    where account_id is not null

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

exclusions as (

    select * from {{ ref('int_exclusions') }}

),

lead_recency as (

    select * from {{ ref('int_lead_recency') }}

),

-- Excluded leads do not speak for their company.
account_recency as (

    select
        leads.as_of_date,
        scored_models.model_id,
        leads.account_id,
        max(lead_recency.first_activity_days_ago) as first_activity_days_ago,
        min(lead_recency.last_activity_days_ago) as last_activity_days_ago,
        sum(lead_recency.events_of_week) as events_of_week,
        sum(lead_recency.events_of_weeks_before) as events_of_weeks_before
    from leads
    inner join lead_recency
        on leads.as_of_date = lead_recency.as_of_date and leads.lead_no = lead_recency.lead_no
    cross join scored_models
    left join exclusions
        on
        leads.as_of_date = exclusions.as_of_date
        and scored_models.model_no = exclusions.model_no
        and leads.lead_no = exclusions.lead_no
    where exclusions.lead_no is null
    group by leads.as_of_date, scored_models.model_id, leads.account_id

)

select
    as_of_date,
    model_id,
    account_id,
    cast(as_of_date - first_activity_days_ago as date) as first_activity_on,
    cast(as_of_date - last_activity_days_ago as date) as last_activity_on,
    {{ activity_surge('events_of_week', 'events_of_weeks_before') }} as activity_surge
from account_recency
