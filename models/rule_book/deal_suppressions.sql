with

file_rows as (

    select * from {{ ref('rule_book_rows') }}
    where file_name = 'suppressions'

),

scored_models as (

    select * from {{ ref('scored_models') }}

)

select
    scored_models.model_no,
    scored_models.model_id,
    scored_models.product,
    file_rows.deal_state,
    cast(floor({{ read_number('file_rows.cool_down_days') }}) as integer) as cool_down_days,
    file_rows.reopened_by,
    file_rows.reason
from file_rows
inner join scored_models on file_rows.model_id = scored_models.model_id
