with

points_ahead as (

    select * from {{ ref('points_ahead') }}

),

leads_at_stake as (

    select * from {{ ref('leads_at_stake') }}

),

days_ahead as (

    select * from {{ ref('days_ahead') }}

),

model_dimensions as (

    select * from {{ ref('model_dimensions') }}

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

summed as (

    select
        as_of_date,
        ahead_on,
        model_id,
        lead_id,
        dimension,
        sum(points) as points
    from points_ahead
    group by as_of_date, ahead_on, model_id, lead_id, dimension

),

dimensions as (

    select
        leads_at_stake.as_of_date,
        days_ahead.ahead_on,
        leads_at_stake.model_id,
        leads_at_stake.lead_id,
        {{ hold_within(
            'coalesce(summed.points, 0)',
            'model_dimensions.min_points',
            'model_dimensions.max_points'
        ) }} as points
    from leads_at_stake
    inner join days_ahead on leads_at_stake.as_of_date = days_ahead.as_of_date
    inner join model_dimensions on leads_at_stake.model_id = model_dimensions.model_id
    left join summed
        on
        leads_at_stake.as_of_date = summed.as_of_date
        and days_ahead.ahead_on = summed.ahead_on
        and leads_at_stake.model_id = summed.model_id
        and leads_at_stake.lead_id = summed.lead_id
        and model_dimensions.dimension = summed.dimension

),

totals as (

    select
        as_of_date,
        ahead_on,
        model_id,
        lead_id,
        sum(points) as points
    from dimensions
    group by as_of_date, ahead_on, model_id, lead_id

)

select
    totals.as_of_date,
    totals.ahead_on,
    totals.model_id,
    totals.lead_id,
    cast(
        {{ hold_within('totals.points', 'scored_models.min_score', 'scored_models.max_score') }}
        as decimal(12, 4)
    ) as score
from totals
inner join scored_models on totals.model_id = scored_models.model_id
