with

leads as (

    select * from {{ ref('int_leads') }}

),

won_opportunities as (

    select * from {{ ref('int_won_opportunities') }}

),

won_by_lead_or_account as (

    select
        leads.as_of_date,
        leads.lead_id,
        won_opportunities.opportunity_id
    from leads
    inner join won_opportunities
        on leads.as_of_date = won_opportunities.as_of_date
        and leads.lead_id = won_opportunities.lead_id
    union
    select
        leads.as_of_date,
        leads.lead_id,
        won_opportunities.opportunity_id
    from leads
    inner join won_opportunities
        on leads.as_of_date = won_opportunities.as_of_date
        and leads.account_id = won_opportunities.account_id

),

counted as (

    select
        as_of_date,
        lead_id,
        count(*) as won_opportunities
    from won_by_lead_or_account
    group by as_of_date, lead_id

)

select * from counted
