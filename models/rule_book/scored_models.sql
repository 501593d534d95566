-- depends_on: {{ ref('rule_book_problems') }}
with

-- Not the seed itself, because a rule book may leave out the columns that are optional.
file_rows as (

    select * from {{ ref('rule_book_rows') }}

),

scored_models as (

    select
        -- In the order of the names: to sort by the number is to sort by the name.
        cast(row_number() over (order by model_id) as integer) as model_no,
        model_id,
        role,
        nullif(product, '') as product,
        version,
        {{ read_number('min_score') }} as min_score,
        {{ read_number('max_score') }} as max_score,
        coalesce(excludes_customers = 'true', false) as excludes_customers
    from file_rows
    where file_name = 'models' and role in ('champion', 'challenger')

)

select * from scored_models
