with

leads as (

    select * from {{ ref('int_leads') }}

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

model_dimensions as (

    select * from {{ ref('model_dimensions') }}

),

rule_points as (

    select * from {{ ref('rule_points') }}

),

summed as (

    select
        as_of_date,
        model_id,
        lead_id,
        dimension,
        sum(points) as points
    from rule_points
    group by as_of_date, model_id, lead_id, dimension

),

-- Every lead in every dimension, also where no rule was met: a minimum above 0 holds there too.
dimension_points as (

    select
        leads.as_of_date,
        scored_models.model_id,
        leads.lead_id,
        model_dimensions.dimension,
        model_dimensions.axis,
        model_dimensions.min_points,
        model_dimensions.max_points,
        coalesce(summed.points, 0) as rule_points,
        cast({{ hold_within(
            'coalesce(summed.points, 0)',
            'model_dimensions.min_points',
            'model_dimensions.max_points'
        ) }} as decimal(12, 4)) as points
    from leads
    cross join scored_models
    inner join model_dimensions on scored_models.model_id = model_dimensions.model_id
    left join summed
        on leads.as_of_date = summed.as_of_date
        and scored_models.model_id = summed.model_id
        and leads.lead_id = summed.lead_id
        and model_dimensions.dimension = summed.dimension

)

select * from dimension_points
