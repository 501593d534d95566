with

leads as (

    select * from {{ ref('int_leads') }}

),

lead_activity_days as (

    select * from {{ ref('int_lead_activity_days') }}

),

account_recency as (

    select
        leads.as_of_date,
        leads.account_id,
        min(lead_activity_days.occurred_on) as first_activity_on,
        max(lead_activity_days.occurred_on) as last_activity_on,
        {{ activity_surge(
            'lead_activity_days.event_count', 'lead_activity_days.occurred_on', 'leads.as_of_date'
        ) }} as activity_surge
    from leads
    inner join lead_activity_days
        on
        leads.as_of_date = lead_activity_days.as_of_date
        and leads.lead_id = lead_activity_days.lead_id
    where leads.account_id is not null and lead_activity_days.event_count > 0
    group by leads.as_of_date, leads.account_id

)

select * from account_recency
