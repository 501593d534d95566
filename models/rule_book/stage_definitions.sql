-- depends_on: {{ ref('rule_book_problems') }}
with

stages as (

    select * from {{ ref('stages') }}

),

stage_definitions as (

    select
        trim(stage) as stage,
        cast({{ read_number('position') }} as {{ dbt.type_bigint() }}) as position,
        trim(owner) as owner,
        trim(reached_by) as reached_by,
        trim(description) as description
    from stages

)

select * from stage_definitions
