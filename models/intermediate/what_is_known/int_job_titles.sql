with

leads as (

    select * from {{ ref('int_leads') }}

),

job_title_patterns as (

    select
        'job_level' as attribute,
        trim(pattern) as pattern,
        trim(level) as meaning,
        {{ read_number('rank') }} as pattern_rank
    from {{ ref('job_levels') }}
    union all
    select
        'job_function' as attribute,
        trim(pattern) as pattern,
        trim(job_function) as meaning,
        {{ read_number('rank') }} as pattern_rank
    from {{ ref('job_functions') }}

),

job_titles as (

    select distinct job_title
    from leads
    where job_title is not null

),

meanings_found as (

    select
        job_titles.job_title,
        job_title_patterns.attribute,
        job_title_patterns.meaning,
        row_number() over (
            partition by job_titles.job_title, job_title_patterns.attribute
            order by job_title_patterns.pattern_rank, job_title_patterns.meaning
        ) as place
    from job_titles
    inner join job_title_patterns
        on {{ pattern_is_found('job_titles.job_title', 'job_title_patterns.pattern') }}

),

classified as (

    select
        job_titles.job_title,
        max(case when meanings_found.attribute = 'job_level' then meanings_found.meaning end)
            as job_level,
        max(case when meanings_found.attribute = 'job_function' then meanings_found.meaning end)
            as job_function
    from job_titles
    left join meanings_found
        on job_titles.job_title = meanings_found.job_title and meanings_found.place = 1
    group by job_titles.job_title

)

select * from classified
