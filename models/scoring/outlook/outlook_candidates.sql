with

-- Nobody asks on a past day what was foretold then.
newest_day as (

    select max(as_of_date) as newest_as_of_date from {{ ref('int_as_of_dates') }}

),

lead_tiers as (

    select lead_tiers.*
    from {{ source('tiering', 'lead_tiers') }} as lead_tiers
    inner join newest_day on lead_tiers.as_of_date = newest_day.newest_as_of_date

),

lead_totals as (

    select * from {{ ref('lead_totals') }}

),

model_tiers as (

    select * from {{ ref('model_tiers') }}

),

lead_numbers as (

    select * from {{ ref('int_lead_numbers') }}

),

exclusions as (

    select * from {{ ref('int_exclusions') }}

)

select
    cast(row_number() over (order by model_tiers.model_no, lead_numbers.lead_no) as integer)
        as candidate_no,
    lead_tiers.as_of_date,
    model_tiers.model_no,
    lead_numbers.lead_no,
    lead_tiers.tier,
    model_tiers.leave_below,
    greatest(
        1,
        {{ days_between('lead_tiers.as_of_date', 'lead_tiers.tier_since') }}
        + model_tiers.min_days_in_tier
    ) as stays_days,
    lead_totals.score
from lead_tiers
inner join model_tiers
    on lead_tiers.model_id = model_tiers.model_id and lead_tiers.tier = model_tiers.tier
inner join lead_numbers on lead_tiers.lead_id = lead_numbers.lead_id
inner join lead_totals
    on
    lead_tiers.as_of_date = lead_totals.as_of_date
    and model_tiers.model_no = lead_totals.model_no
    and lead_numbers.lead_no = lead_totals.lead_no
left join exclusions
    on
    lead_tiers.as_of_date = exclusions.as_of_date
    and model_tiers.model_no = exclusions.model_no
    and lead_numbers.lead_no = exclusions.lead_no
where model_tiers.hands_over and exclusions.lead_no is null
