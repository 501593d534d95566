with

cool_downs as (

    select * from {{ ref('int_lead_cool_downs') }}

),

suppressions as (

    select * from {{ ref('int_lead_suppressions') }}

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

newest_day as (

    select max(as_of_date) as as_of_date from {{ ref('int_as_of_dates') }}

),

-- Sales' word first: one reason each, the one that takes a hand-over back.
reasons as (

    select
        cool_downs.as_of_date,
        scored_models.model_id,
        cool_downs.lead_id,
        1 as place,
        'rejected by sales: ' || coalesce(cool_downs.recycle_reason, 'no reason given') as reason
    from cool_downs
    cross join scored_models
    union all
    select
        as_of_date,
        model_id,
        lead_id,
        2 as place,
        'deal ' || deal_state || ': ' || reason as reason
    from suppressions

),

ranked as (

    select
        reasons.*,
        row_number() over (
            partition by reasons.model_id, reasons.lead_id order by reasons.place
        ) as recency
    from reasons
    inner join newest_day on reasons.as_of_date = newest_day.as_of_date

)

select
    model_id,
    lead_id,
    reason
from ranked
where recency = 1
