with

limits as (

    select * from {{ ref('rules') }}
    where kind = 'cap' and model_no is not null

)

select
    model_no,
    {{ each_dimension(
        "cast(max(case when dimension = '{}' then low end) as " ~ type_points() ~ ") as {}_low"
    ) }},
    {{ each_dimension(
        "cast(max(case when dimension = '{}' then high end) as " ~ type_points() ~ ") as {}_high"
    ) }},
    -- What is done is engagement, what is known fit; without a most points are a share of nothing.
    {{ each_dimension(
        "max(case when dimension = '{}' and dimension <> 'behavioral' and high is not null"
        ~ " then 1 else 0 end) as {}_is_fit"
    ) }},
    {{ each_dimension(
        "max(case when dimension = '{}' and dimension = 'behavioral' and high is not null"
        ~ " then 1 else 0 end) as {}_is_engagement"
    ) }},
    nullif(sum(case when dimension not in ('behavioral', 'score') then high end), 0) as fit_most,
    nullif(sum(case when dimension = 'behavioral' then high end), 0) as engagement_most,
    cast(max(case when dimension = 'score' then low end) as {{ type_points() }}) as min_score,
    cast(max(case when dimension = 'score' then high end) as {{ type_points() }}) as max_score
from limits
group by model_no
