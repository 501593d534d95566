{{ config(materialized='view') }}

with

scored_models as (

    select * from {{ ref('scored_models') }}

),

newest_day as (

    select max(as_of_date) as as_of_date from {{ ref('int_as_of_dates') }}

),

won_deals as (

    select deals.*
    from {{ ref('int_lead_deals') }} as deals
    inner join newest_day on deals.as_of_date = newest_day.as_of_date
    where deals.deal_state = 'won'

)

select
    scored_models.model_no,
    won_deals.lead_no,
    max(won_deals.deal_state_on) as won_on
from won_deals
inner join scored_models
    on {{ is_of_product('scored_models.product', 'won_deals.product') }}
group by scored_models.model_no, won_deals.lead_no
