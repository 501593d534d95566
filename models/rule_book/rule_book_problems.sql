{{ config(post_hook="{{ stop_on_problems(this) }}") }}

with

problems as (

    select * from {{ ref('rule_book_cell_problems') }}
    union all
    select * from {{ ref('rule_book_reference_problems') }}
    union all
    select * from {{ ref('rule_book_row_problems') }}
    union all
    select * from {{ ref('rule_book_name_problems') }}
    union all
    select * from {{ ref('rule_book_condition_problems') }}
    union all
    select * from {{ ref('rule_book_activity_problems') }}
    union all
    select * from {{ ref('rule_book_outcome_problems') }}
    union all
    select * from {{ ref('rule_book_write_back_problems') }}

),

sentences as (

    select
        file_name,
        row_number,
        column_name,
        value,
        problem,
        case when file_name in {{ list_stand_ins() }} then 'seeds/rules/' else '' end
        || file_name || '.csv, row ' || cast(row_number as {{ dbt.type_string() }}) || ', column '
        || column_name || ': '
        || case when coalesce(value, '') = '' then '' else '''' || value || ''' ' end
        || problem || '.' as sentence
    from problems
    where problem is not null

)

select * from sentences
