with

deals as (

    select * from {{ ref('int_lead_deals') }}
    where deal_state = 'won'

),

lead_numbers as (

    select * from {{ ref('int_lead_numbers') }}

)

select
    deals.as_of_date,
    lead_numbers.lead_id,
    count(*) as won_opportunities
from deals
inner join lead_numbers on deals.lead_no = lead_numbers.lead_no
group by deals.as_of_date, lead_numbers.lead_id
