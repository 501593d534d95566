with

lead_tiers as (

    select * from {{ source('tiering', 'lead_tiers') }}

),

lead_scores as (

    select * from {{ ref('lead_scores') }}

),

model_tiers as (

    select * from {{ ref('model_tiers') }}

),

people as (

    select * from {{ ref('int_people') }}

)

select
    lead_tiers.as_of_date,
    lead_tiers.model_id,
    lead_tiers.lead_id,
    people.lead_key,
    lead_tiers.tier,
    model_tiers.leave_below,
    cast(lead_tiers.tier_since + model_tiers.min_days_in_tier as date) as stays_until,
    lead_scores.score
from lead_tiers
inner join model_tiers
    on lead_tiers.model_id = model_tiers.model_id and lead_tiers.tier = model_tiers.tier
inner join lead_scores
    on
    lead_tiers.as_of_date = lead_scores.as_of_date
    and lead_tiers.model_id = lead_scores.model_id
    and lead_tiers.lead_id = lead_scores.lead_id
inner join people
    on lead_tiers.as_of_date = people.as_of_date and lead_tiers.lead_id = people.lead_id
where model_tiers.hands_over and not lead_scores.is_excluded
