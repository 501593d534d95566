with

hand_overs as (

    select * from {{ source('tiering', 'hand_overs') }}

),

lead_tiers as (

    select * from {{ source('tiering', 'lead_tiers') }}

),

newest_day as (

    select max(as_of_date) as as_of_date from {{ ref('int_as_of_dates') }}

)

select
    lead_tiers.as_of_date,
    lead_tiers.model_id,
    lead_tiers.lead_id,
    lead_tiers.tier,
    lead_tiers.tier_since,
    hand_overs.draw_probability as probability,
    hand_overs.due_on
from hand_overs
inner join newest_day
    on
    hand_overs.due_on <= newest_day.as_of_date
    and (hand_overs.recycled_on is null or hand_overs.recycled_on > newest_day.as_of_date)
inner join lead_tiers
    on
    newest_day.as_of_date = lead_tiers.as_of_date
    and hand_overs.model_id = lead_tiers.model_id
    and hand_overs.lead_id = lead_tiers.lead_id
where hand_overs.draw_probability is not null
