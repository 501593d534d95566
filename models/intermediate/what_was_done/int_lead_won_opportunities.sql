with

leads as (

    select * from {{ ref('int_leads') }}

),

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

won_opportunities as (

    select *
    from opportunities
    where is_won and cast(closed_at as date) <= as_of_date

),

-- Union, not union all: one opportunity may name both the lead and its account.
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
