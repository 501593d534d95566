with

leads as (

    select * from {{ ref('int_leads') }}

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

exclusions as (

    select * from {{ ref('int_exclusions') }}

),

lead_activity_days as (

    select * from {{ ref('int_lead_activity_days') }}

),

-- Excluded leads do not speak for their company.
leads_that_speak as (

    select
        leads.as_of_date,
        scored_models.model_id,
        leads.account_id,
        leads.lead_key
    from leads
    cross join scored_models
    left join exclusions
        on
        leads.as_of_date = exclusions.as_of_date
        and scored_models.model_id = exclusions.model_id
        and leads.lead_id = exclusions.lead_id
    where leads.account_id is not null and exclusions.lead_id is null

),

account_recency as (

    select
        leads_that_speak.as_of_date,
        leads_that_speak.model_id,
        leads_that_speak.account_id,
        min(lead_activity_days.occurred_on) as first_activity_on,
        max(lead_activity_days.occurred_on) as last_activity_on,
        {{ activity_surge(
            'lead_activity_days.distinct_event_count',
            'lead_activity_days.occurred_on',
            'lead_activity_days.counts_until'
        ) }} as activity_surge
    from leads_that_speak
    inner join lead_activity_days
        on
        leads_that_speak.as_of_date = lead_activity_days.as_of_date
        and leads_that_speak.lead_key = lead_activity_days.lead_key
    where lead_activity_days.event_count > 0
    group by
        leads_that_speak.as_of_date, leads_that_speak.model_id, leads_that_speak.account_id

)

select * from account_recency
