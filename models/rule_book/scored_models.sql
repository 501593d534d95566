-- depends_on: {{ ref('rule_book_problems') }}
with

cells as (

    select * from {{ ref('rule_book_cells') }}

),

-- Read from cells, because a rule book may leave out the columns that are optional.
models as (

    select
        row_number,
        max(case when column_name = 'model_id' then value end) as model_id,
        max(case when column_name = 'title' then value end) as title,
        max(case when column_name = 'goal' then value end) as goal,
        max(case when column_name = 'role' then value end) as role,
        max(case when column_name = 'product' then value end) as product,
        max(case when column_name = 'version' then value end) as version,
        max(case when column_name = 'min_score' then value end) as min_score,
        max(case when column_name = 'max_score' then value end) as max_score,
        max(case when column_name = 'excludes_customers' then value end) as excludes_customers
    from cells
    where file_name = 'models' and row_number > 1
    group by row_number

),

scored_models as (

    select
        model_id,
        title,
        goal,
        role,
        nullif(product, '') as product,
        version,
        {{ read_number('min_score') }} as min_score,
        {{ read_number('max_score') }} as max_score,
        coalesce(excludes_customers = 'true', false) as excludes_customers
    from models
    where role in ('champion', 'challenger')

)

select * from scored_models
