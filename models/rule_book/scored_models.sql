-- depends_on: {{ ref('rule_book_problems') }}
with

models as (

    select * from {{ ref('models') }}

),

scored_models as (

    select
        trim(model_id) as model_id,
        trim(title) as title,
        trim(goal) as goal,
        trim(role) as role,
        {{ optional_text('product') }} as product,
        trim(version) as version,
        {{ read_number('min_score') }} as min_score,
        {{ read_number('max_score') }} as max_score
    from models
    where trim(role) in ('champion', 'challenger')

)

select * from scored_models
