with

file_rows as (

    select
        *,
        {{ read_number('from_score') }} as lowest
    from {{ ref('rule_book_rows') }}
    where file_name = 'grades'

),

scored_models as (

    select * from {{ ref('scored_models') }}

)

select
    scored_models.model_no,
    scored_models.model_id,
    fit.grade || engagement.grade as grade,
    fit.grade as fit_grade,
    cast(
        row_number() over (
            partition by scored_models.model_id order by fit.lowest, engagement.lowest
        ) as {{ dbt.type_bigint() }}
    ) as level
from scored_models
inner join file_rows as fit
    on scored_models.model_id = fit.model_id and fit.axis = 'fit'
inner join file_rows as engagement
    on scored_models.model_id = engagement.model_id and engagement.axis = 'engagement'
