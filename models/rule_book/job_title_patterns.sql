-- depends_on: {{ ref('rule_book_problems') }}
with

job_levels as (

    select * from {{ ref('job_levels') }}

),

job_functions as (

    select * from {{ ref('job_functions') }}

),

job_title_patterns as (

    select
        'job_level' as attribute,
        trim(pattern) as pattern,
        trim(level) as meaning,
        {{ read_number('rank') }} as pattern_rank
    from job_levels
    union all
    select
        'job_function' as attribute,
        trim(pattern) as pattern,
        trim(job_function) as meaning,
        {{ read_number('rank') }} as pattern_rank
    from job_functions

)

select * from job_title_patterns
