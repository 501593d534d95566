with

lead_tiers as (

    select * from {{ source('tiering', 'lead_tiers') }}

),

newest_day as (

    select max(as_of_date) as as_of_date from {{ ref('int_as_of_dates') }}

),

-- Nobody works an excluded lead.
leads as (

    select * from {{ ref('int_leads_not_excluded') }}

),

kept_out_leads as (

    select * from {{ ref('kept_out_leads') }}

),

model_tiers as (

    select * from {{ ref('model_tiers') }}

)

select
    lead_tiers.as_of_date,
    lead_tiers.model_id,
    lead_tiers.lead_id,
    lead_tiers.tier,
    lead_tiers.tier_since,
    {{ as_decimal(divided('model_tiers.worked_anyway_pct', '100'), 5, 4) }} as probability
from lead_tiers
inner join newest_day on lead_tiers.as_of_date = newest_day.as_of_date
inner join model_tiers
    on lead_tiers.model_id = model_tiers.model_id and lead_tiers.tier = model_tiers.tier
inner join leads
    on
    lead_tiers.as_of_date = leads.as_of_date
    and lead_tiers.model_id = leads.model_id
    and lead_tiers.lead_id = leads.lead_id
left join kept_out_leads
    on
    lead_tiers.model_id = kept_out_leads.model_id
    and lead_tiers.lead_id = kept_out_leads.lead_id
where
    not model_tiers.hands_over
    and {{ draw_of(['lead_tiers.model_id', 'lead_tiers.lead_id']) }} < model_tiers.worked_anyway_pct
    and kept_out_leads.lead_id is null
