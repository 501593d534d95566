with

model_dimensions as (

    select * from {{ ref('model_dimensions') }}

),

scored_models as (

    select * from {{ ref('scored_models') }}

)

select
    scored_models.model_no,
    {{ each_dimension(
        "cast(max(case when model_dimensions.dimension = '{}' then model_dimensions.min_points end)"
        ~ " as " ~ type_points() ~ ") as {}_low"
    ) }},
    {{ each_dimension(
        "cast(max(case when model_dimensions.dimension = '{}' then model_dimensions.max_points end)"
        ~ " as " ~ type_points() ~ ") as {}_high"
    ) }},
    -- Without a most points of a dimension are a share of nothing.
    {{ each_dimension(
        "max(case when model_dimensions.dimension = '{}' and model_dimensions.axis = 'fit' and"
        ~ " model_dimensions.max_points is not null then 1 else 0 end) as {}_is_fit"
    ) }},
    {{ each_dimension(
        "max(case when model_dimensions.dimension = '{}' and model_dimensions.axis = 'engagement'"
        ~ " and model_dimensions.max_points is not null then 1 else 0 end) as {}_is_engagement"
    ) }},
    nullif(sum(case when model_dimensions.axis = 'fit' then model_dimensions.max_points end), 0)
        as fit_most,
    nullif(
        sum(case when model_dimensions.axis = 'engagement' then model_dimensions.max_points end), 0
    ) as engagement_most,
    cast(max(scored_models.min_score) as {{ type_points() }}) as min_score,
    cast(max(scored_models.max_score) as {{ type_points() }}) as max_score
from scored_models
left join model_dimensions on scored_models.model_id = model_dimensions.model_id
group by scored_models.model_no
