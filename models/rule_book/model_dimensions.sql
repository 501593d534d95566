-- depends_on: {{ ref('rule_book_problems') }}
with

dimensions as (

    select * from {{ ref('dimensions') }}

),

model_dimensions as (

    select
        trim(model_id) as model_id,
        trim(dimension) as dimension,
        trim(axis) as axis,
        {{ read_number('min_points') }} as min_points,
        {{ read_number('max_points') }} as max_points
    from dimensions

)

select * from model_dimensions
