{{ config(materialized=branch_of_union()) }}

with

cells as (

    select * from {{ ref('rule_book_cells') }}

),

file_format as (

    select * from {{ ref('rule_book_format') }}

),

run_together as (

    select
        file_name,
        row_number,
        column_name,
        value,
        'is a header whose columns are not separated by commas: save the file as "CSV UTF-8"'
        || ' with commas, or run it by make, which reads semicolons and tabs' as problem
    from cells
    where row_number = 1 and (value like '%;%' or value like '%' || chr(9) || '%')

),

strangers as (

    select
        headers.file_name,
        {{ dbt.listagg("'''' || headers.value || ''''", "', '", 'order by headers.value') }}
            as names
    from cells as headers
    left join file_format
        on headers.file_name = file_format.file_name
        and headers.column_name = file_format.column_name
    where headers.row_number = 1 and file_format.file_name is null
    group by headers.file_name

),

missing_columns as (

    select
        file_format.file_name,
        1 as row_number,
        file_format.column_name,
        '' as value,
        'is missing from the header; it must be there, empty where it does not apply'
        || coalesce('. The header has what no file of this name has: ' || strangers.names, '')
            as problem
    from file_format
    left join cells
        on file_format.file_name = cells.file_name
        and file_format.column_name = cells.column_name
        and cells.row_number = 1
    left join strangers on file_format.file_name = strangers.file_name
    left join run_together on file_format.file_name = run_together.file_name
    where
        cells.file_name is null
        and run_together.file_name is null
        and file_format.is_optional <> 'true'

),

cell_problems as (

    select
        cells.file_name,
        cells.row_number,
        cells.column_name,
        cells.value,
        case
            when coalesce(cells.value, '') = '' and file_format.is_required = 'true'
                then 'is empty and must be filled'
            when coalesce(cells.value, '') = '' then null
            when
                file_format.value_type = 'number'
                and {{ cast_or_null('cells.value', type_double()) }} is null
                then 'is not a number; write it as 1250 or 12.5'
            when
                file_format.value_type = 'number' and (
                    {{ read_number('cells.value') }} is null
                    or {{ read_number('cells.value') }} < {{ read_number('file_format.lowest') }}
                    or {{ read_number('cells.value') }} > {{ read_number('file_format.highest') }}
                )
                then 'must lie between ' || file_format.lowest || ' and ' || file_format.highest
            when file_format.value_type = 'date' and {{ read_date('cells.value') }} is null
                then 'is not a day; write it as 2026-06-30'
            when
                file_format.value_type = 'date' and (
                    {{ read_date('cells.value') }} < {{ read_date('file_format.lowest') }}
                    or {{ read_date('cells.value') }} > {{ read_date('file_format.highest') }}
                )
                then 'must lie between ' || file_format.lowest || ' and ' || file_format.highest
            when file_format.value_type = 'pattern' and not {{ pattern_is_readable('cells.value') }}
                then 'is a regular expression that cannot be read'
            when position('|' || cells.value || '|' in '|' || file_format.allowed || '|') = 0
                then 'is unknown; it must be one of ' || replace(file_format.allowed, '|', ', ')
        end as problem
    from cells
    inner join file_format
        on cells.file_name = file_format.file_name
        and cells.column_name = file_format.column_name
    where cells.row_number > 1

),

unseen_blanks as (

    select
        cells.file_name,
        cells.row_number,
        cells.column_name,
        cells.value,
        'holds a blank that cannot be seen: type it anew' as problem
    from cells
    inner join file_format
        on cells.file_name = file_format.file_name
        and cells.column_name = file_format.column_name
    where
        cells.row_number > 1
        and (
            file_format.is_key <> ''
            or cells.column_name in (
                'model_id', 'rule_id', 'activity', 'activities', 'attribute', 'condition'
            )
        )
        and {{ pattern_is_found('cells.value', unseen_blanks()) }}

)

select * from run_together
union all
select * from missing_columns
union all
select * from cell_problems
union all
select * from unseen_blanks
