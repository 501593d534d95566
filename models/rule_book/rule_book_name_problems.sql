{{ config(materialized=branch_of_union()) }}

with

cells as (

    select * from {{ ref('rule_book_cells') }}

),

file_rows as (

    select * from {{ ref('rule_book_rows') }}

),

file_format as (

    select * from {{ ref('rule_book_format') }}

),

dated_rules as (

    select
        file_name,
        row_number,
        model_id,
        rule_id,
        {{ read_date('valid_from') }} as valid_from,
        coalesce({{ read_date('valid_to') }}, cast('9999-12-31' as date)) as valid_to
    from file_rows
    where rule_id <> '' and file_name like 'rules_%'

),

repeated_rules as (

    select
        later.file_name,
        later.row_number,
        'rule_id' as column_name,
        later.rule_id as value,
        'is there twice for the model ' || later.model_id || ' in overlapping periods, also in '
        || earlier.file_name || '.csv, row '
        || cast(earlier.row_number as {{ dbt.type_string() }}) as problem
    from dated_rules as later
    inner join dated_rules as earlier
        on later.model_id = earlier.model_id
        and later.rule_id = earlier.rule_id
        and (earlier.file_name, earlier.row_number) < (later.file_name, later.row_number)
        and earlier.valid_from < later.valid_to
        and later.valid_from < earlier.valid_to

),

names as (

    select
        file_name,
        row_number,
        case when file_name like 'rules_%' or file_name = 'conditions' then model_id else '' end
            as owner,
        case file_name
            when 'activities' then 'activity'
            when 'conditions' then 'condition'
            when 'custom_attributes' then 'attribute'
            else 'rule_id'
        end as column_name,
        coalesce(rule_id, activity, condition, attribute) as value
    from file_rows
    where file_name like 'rules_%' or file_name in ('activities', 'conditions', 'custom_attributes')
    union all
    select
        'custom_attributes' as file_name,
        0 as row_number,
        '' as owner,
        'attribute' as column_name,
        attribute as value
    from {{ ref('attributes') }}

),

spelled_names as (

    select
        *,
        {{ fold_name('value') }} as folded,
        first_value(value) over (
            partition by owner, column_name, {{ fold_name('value') }}
            order by file_name, row_number
        ) as first_spelling
    from names
    where value <> ''

),

unlike_names as (

    select
        file_name,
        row_number,
        column_name,
        value,
        'differs from ''' || first_spelling || ''' by capitals or blanks alone, which nobody can'
        || ' tell apart: write both alike, or choose another name' as problem
    from spelled_names
    where value <> first_spelling

),

-- What tells the rows of a file apart: the columns of its key together.
keys as (

    select
        cells.file_name,
        cells.row_number,
        max(case when file_format.is_key = 'last' then cells.column_name end) as column_name,
        max(case when file_format.is_key = 'last' then coalesce(cells.value, '') end) as value,
        {{ dbt.listagg(
            'coalesce(' ~ fold_name('cells.value') ~ ", '')", 'chr(31)',
            'order by cells.column_name'
        ) }} as row_key
    from cells
    inner join file_format
        on cells.file_name = file_format.file_name
        and cells.column_name = file_format.column_name
    where cells.row_number > 1 and file_format.is_key <> ''
    group by cells.file_name, cells.row_number

),

ranked_keys as (

    select
        *,
        first_value(row_number) over (
            partition by file_name, row_key order by row_number
        ) as first_row
    from keys

),

repeated_keys as (

    select
        file_name,
        row_number,
        column_name,
        value,
        'is there twice, also in row ' || cast(first_row as {{ dbt.type_string() }})
        || ' (capitals and blanks make no difference)' as problem
    from ranked_keys
    where row_number > first_row

),

thresholds as (

    select
        file_name,
        row_number,
        case file_name when 'tiers' then 'enter_at' else 'from_score' end as column_name,
        case file_name when 'tiers' then enter_at else from_score end as value,
        case file_name when 'tiers' then model_id else model_id || ' ' || axis end as owner,
        case file_name when 'tiers' then tier else grade end as name
    from file_rows
    where file_name in ('tiers', 'grades')

),

shared_thresholds as (

    select
        later.file_name,
        later.row_number,
        later.column_name,
        later.value,
        'is also that of ''' || earlier.name || ''' in row '
        || cast(earlier.row_number as {{ dbt.type_string() }})
        || ': a score would enter both at once' as problem
    from thresholds as later
    inner join thresholds as earlier
        on later.file_name = earlier.file_name
        and later.owner = earlier.owner
        and {{ read_number('later.value') }} = {{ read_number('earlier.value') }}
        and later.row_number > earlier.row_number

)

select * from repeated_rules
union all
select * from unlike_names
union all
select * from repeated_keys
union all
select * from shared_thresholds
