{{ config(materialized='view') }}

with

cells as (

    select * from {{ ref('rule_book_cells') }}

),

file_rows as (

    select * from {{ ref('rule_book_rows') }}

),

scored_models as (

    select * from file_rows
    where file_name = 'models'

),

known_attributes as (

    select attribute from {{ ref('attributes') }}
    union
    select value as attribute from cells
    where file_name = 'custom_attributes' and column_name = 'attribute' and row_number > 1

),

rule_files as (

    select
        'rules_demographic' as file_name,
        'demographic' as dimension
    union all
    select
        'rules_firmographic' as file_name,
        'firmographic' as dimension
    union all
    select
        'rules_readiness' as file_name,
        'readiness' as dimension
    union all
    select
        'rules_data_quality' as file_name,
        'data_quality' as dimension
    union all
    select
        'rules_behavioral' as file_name,
        'behavioral' as dimension
    union all
    select
        'rules_sequence' as file_name,
        'behavioral' as dimension

),

unknown_models as (

    select
        file_rows.file_name,
        file_rows.row_number,
        'model_id' as column_name,
        file_rows.model_id as value,
        'is not a model of models.csv' as problem
    from file_rows
    left join scored_models on file_rows.model_id = scored_models.model_id
    -- Parts and roll-ups stay where LEADS_RULES points to another rule book: they may name others.
    where
        file_rows.model_id <> ''
        and scored_models.model_id is null
        and file_rows.file_name not in ('score_parts', 'account_rollup')

),

unknown_attributes as (

    select
        file_rows.file_name,
        file_rows.row_number,
        'attribute' as column_name,
        file_rows.attribute as value,
        'is not an attribute: it stands neither in seeds/reference/attributes.csv '
        || 'nor in custom_attributes.csv' as problem
    from file_rows
    left join known_attributes on file_rows.attribute = known_attributes.attribute
    where
        file_rows.file_name not in ('activities', 'custom_attributes')
        and file_rows.attribute <> ''
        and known_attributes.attribute is null

),

named_activities as (

    select
        file_name,
        row_number,
        'activity' as column_name,
        activity
    from file_rows
    where file_name = 'rules_behavioral' and activity <> ''
    union all
    select
        file_name,
        row_number,
        'activities' as column_name,
        {{ split_to_rows('activities') }} as activity
    from file_rows
    where file_name = 'rules_sequence' and activities <> ''

),

unknown_activities as (

    select
        named_activities.file_name,
        named_activities.row_number,
        named_activities.column_name,
        named_activities.activity as value,
        'is not an activity of activities.csv' as problem
    from named_activities
    left join file_rows
        on file_rows.file_name = 'activities'
        and named_activities.activity = file_rows.activity
    where file_rows.file_name is null

),

undeclared_dimensions as (

    select
        file_rows.file_name,
        file_rows.row_number,
        'model_id' as column_name,
        file_rows.model_id as value,
        'has no row for the dimension ' || rule_files.dimension || ' in dimensions.csv'
            as problem
    from file_rows
    inner join rule_files on file_rows.file_name = rule_files.file_name
    left join file_rows as dimensions
        on dimensions.file_name = 'dimensions'
        and file_rows.model_id = dimensions.model_id
        and rule_files.dimension = dimensions.dimension
    where dimensions.file_name is null

),

demanded_fields as (

    select
        file_name,
        row_number,
        {{ split_to_rows('required_fields') }} as attribute
    from file_rows
    where file_name = 'tiers' and required_fields <> ''

),

unknown_demanded_fields as (

    select
        demanded_fields.file_name,
        demanded_fields.row_number,
        'required_fields' as column_name,
        trim(demanded_fields.attribute) as value,
        'is not an attribute: it stands neither in seeds/reference/attributes.csv '
        || 'nor in custom_attributes.csv' as problem
    from demanded_fields
    left join known_attributes on trim(demanded_fields.attribute) = known_attributes.attribute
    where known_attributes.attribute is null

)

select * from unknown_models
union all
select * from unknown_attributes
union all
select * from unknown_activities
union all
select * from undeclared_dimensions
union all
select * from unknown_demanded_fields
