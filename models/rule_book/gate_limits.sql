-- depends_on: {{ ref('rule_book_problems') }}
with

file_rows as (

    select * from {{ ref('rule_book_rows') }}
    where file_name = 'gate'

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

-- A row of the model's own comes before the row without a model, which is everybody's.
ranked as (

    select
        scored_models.model_id,
        file_rows.condition,
        cast({{ read_number('file_rows.limit_value') }} as {{ type_double() }}) as limit_value,
        row_number() over (
            partition by scored_models.model_id, file_rows.condition
            order by nullif(file_rows.model_id, '') nulls last
        ) as place
    from scored_models
    inner join file_rows
        on scored_models.model_id = coalesce(nullif(file_rows.model_id, ''), scored_models.model_id)

)

select
    model_id,
    condition,
    limit_value
from ranked
where place = 1
