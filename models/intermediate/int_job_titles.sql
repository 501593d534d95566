with

leads as (

    select * from {{ ref('int_leads') }}

),

job_levels as (

    select
        trim(pattern) as pattern,
        trim(level) as job_level,
        {{ read_number('rank') }} as pattern_rank
    from {{ ref('job_levels') }}

),

job_functions as (

    select
        trim(pattern) as pattern,
        trim(job_function) as job_function,
        {{ read_number('rank') }} as pattern_rank
    from {{ ref('job_functions') }}

),

job_titles as (

    select distinct job_title
    from leads
    where job_title is not null

),

levels_found as (

    select
        job_titles.job_title,
        job_levels.job_level,
        row_number() over (
            partition by job_titles.job_title order by job_levels.pattern_rank, job_levels.job_level
        ) as place
    from job_titles
    inner join job_levels
        on {{ pattern_is_found('job_titles.job_title', 'job_levels.pattern') }}

),

functions_found as (

    select
        job_titles.job_title,
        job_functions.job_function,
        row_number() over (
            partition by job_titles.job_title
            order by job_functions.pattern_rank, job_functions.job_function
        ) as place
    from job_titles
    inner join job_functions
        on {{ pattern_is_found('job_titles.job_title', 'job_functions.pattern') }}

),

classified as (

    select
        job_titles.job_title,
        levels_found.job_level,
        functions_found.job_function
    from job_titles
    left join levels_found
        on job_titles.job_title = levels_found.job_title and levels_found.place = 1
    left join functions_found
        on job_titles.job_title = functions_found.job_title and functions_found.place = 1

)

select * from classified
