with

leads as (

    select * from {{ ref('int_leads') }}

),

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

-- Union, not union all: one opportunity may name both the lead and its account.
deals_of_leads as (

    select
        leads.as_of_date,
        leads.lead_no,
        opportunities.opportunity_id
    from leads
    inner join opportunities
        on leads.as_of_date = opportunities.as_of_date
        and leads.lead_id = opportunities.lead_id
    union
    select
        leads.as_of_date,
        leads.lead_no,
        opportunities.opportunity_id
    from leads
    inner join opportunities
        on leads.as_of_date = opportunities.as_of_date
        and leads.account_id = opportunities.account_id

),

decided as (

    select
        *,
        {{ decided_on('opportunities') }} as decided_on
    from opportunities

)

select
    deals_of_leads.as_of_date,
    deals_of_leads.lead_no,
    deals_of_leads.opportunity_id,
    decided.product,
    decided.stage,
    decided.amount,
    decided.probability_pct,
    case
        when decided.decided_on is null then 'open'
        when decided.is_won then 'won'
        else 'lost'
    end as deal_state,
    coalesce(decided.decided_on, cast(decided.created_at as date)) as deal_state_on,
    decided.created_at
from deals_of_leads
inner join decided
    on deals_of_leads.as_of_date = decided.as_of_date
    and deals_of_leads.opportunity_id = decided.opportunity_id
