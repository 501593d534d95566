{{ config(materialized=branch_of_union()) }}

with

cells as (

    select * from {{ ref('rule_book_cells') }}

),

file_rows as (

    select * from {{ ref('rule_book_rows') }}

),

condition_rows as (

    select * from file_rows
    where file_name = 'conditions' and condition <> ''

),

other_names as (

    select
        {{ fold_name('attribute') }} as folded,
        'seeds/reference/attributes.csv' as place
    from {{ ref('attributes') }}
    union
    select
        {{ fold_name('value') }} as folded,
        'custom_attributes.csv' as place
    from cells
    where file_name = 'custom_attributes' and column_name = 'attribute' and row_number > 1
    union
    select
        {{ fold_name('attribute') }} as folded,
        'activity_attributes.csv' as place
    from file_rows
    where file_name = 'activity_attributes'

),

new_names as (

    select
        file_name,
        row_number,
        'condition' as column_name,
        condition as value
    from condition_rows
    union all
    select
        file_name,
        row_number,
        'attribute' as column_name,
        attribute as value
    from file_rows
    where file_name = 'activity_attributes' and attribute <> ''

),

taken_names as (

    select
        new_names.file_name,
        new_names.row_number,
        new_names.column_name,
        new_names.value,
        'is the name of an attribute of ' || min(other_names.place) || ': choose another one'
            as problem
    from new_names
    inner join other_names
        on
        {{ fold_name('new_names.value') }} = other_names.folded
        and new_names.file_name || '.csv' <> other_names.place
    group by
        new_names.file_name, new_names.row_number, new_names.column_name, new_names.value

),

dated_attributes as (

    select
        file_name,
        row_number,
        attribute,
        coalesce({{ read_date('valid_from') }}, {{ date_literal('1900-01-01') }}) as valid_from,
        coalesce({{ read_date('valid_to') }}, {{ far_future() }}) as valid_to
    from file_rows
    where file_name = 'activity_attributes' and attribute <> ''

),

repeated_attributes as (

    select
        later.file_name,
        later.row_number,
        'attribute' as column_name,
        later.attribute as value,
        'is there twice in overlapping periods, also in row '
        || cast(min(earlier.row_number) as {{ dbt.type_string() }}) as problem
    from dated_attributes as later
    inner join dated_attributes as earlier
        on
        later.attribute = earlier.attribute
        and earlier.row_number < later.row_number
        and earlier.valid_from < later.valid_to
        and later.valid_from < earlier.valid_to
    group by later.file_name, later.row_number, later.attribute

),

-- The share of filled key fields builds on the conditions among them.
edges as (

    select
        model_id || '.' || condition as from_key,
        model_id || '.' || attribute as to_key
    from condition_rows
    union
    select
        model_id || '.completeness_pct' as from_key,
        model_id || '.' || attribute as to_key
    from file_rows
    where file_name = 'key_fields'

),

known_edges as (

    select edges.*
    from edges
    where
        edges.to_key in (
            select condition_rows.model_id || '.' || condition_rows.condition from condition_rows
        )
        or edges.to_key like '%.completeness_pct'

),

chains as (

    {{ stack_chains('known_edges') }}

),

endless as (

    select distinct
        condition_rows.file_name,
        condition_rows.row_number,
        'attribute' as column_name,
        condition_rows.attribute as value,
        'leads into a circle of conditions, or builds on more than {{ deepest_condition() }} of '
        || 'them one after the other: a condition may not hang on itself, nor on completeness_pct'
        || ' where it is a key field' as problem
    from condition_rows
    inner join chains
        on
        condition_rows.model_id || '.' || condition_rows.condition = chains.from_key
        and chains.steps > {{ deepest_condition() }}
    where
        exists (
            select 1 from known_edges
            where known_edges.to_key = condition_rows.model_id || '.' || condition_rows.attribute
        )

)

select * from taken_names
union all
select * from repeated_attributes
union all
select * from endless
