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

demanded_fields as (

    select
        file_name,
        row_number,
        trim({{ split_to_rows('required_fields') }}) as required_fields
    from file_rows
    where file_name = 'tiers' and required_fields <> ''

),

steps_of_sequences as (

    select
        file_name,
        row_number,
        {{ split_to_rows(tidy_steps('activities')) }} as step
    from file_rows
    where file_name = 'rules_sequence' and activities <> ''

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
        case when left(step, 1) = '!' and step <> '!' then substr(step, 2) else step end as activity
    from steps_of_sequences
    union all
    select
        file_name,
        row_number,
        'reopened_by' as column_name,
        trim({{ split_to_rows('reopened_by') }}) as activity
    from file_rows
    where file_name = 'suppressions' and reopened_by <> ''

),

lowest_tiers as (

    select
        model_id,
        min({{ read_number('enter_at') }}) as enter_at
    from file_rows
    where file_name = 'tiers'
    group by model_id

),

nothing_to_score as (

    select
        'models' as file_name,
        1 as row_number,
        'role' as column_name,
        '' as value,
        'names no champion and no challenger, so there is nothing to score' as problem
    from scored_models
    having count(case when role in ('champion', 'challenger') then 1 end) = 0

)

-- Parts and roll-ups stay where LEADS_RULES points to another rule book: they may name others.
{{ problem_rows(
    'file_rows', 'model_id',
    "model_id <> '' and file_name not in ('score_parts', 'account_rollup') and not exists ("
    ~ 'select 1 from scored_models where scored_models.model_id = file_rows.model_id)',
    "'is not a model of models.csv'"
) }}
union all
{{ problem_rows(
    'file_rows', 'attribute',
    "attribute <> '' and file_name not in ('activities', 'custom_attributes') and not exists ("
    ~ 'select 1 from known_attributes where known_attributes.attribute = file_rows.attribute)',
    "'is not an attribute: it stands neither in seeds/reference/attributes.csv '"
    ~ " || 'nor in custom_attributes.csv'"
) }}
union all
{{ problem_rows(
    'demanded_fields', 'required_fields',
    'not exists (select 1 from known_attributes'
    ~ ' where known_attributes.attribute = demanded_fields.required_fields)',
    "'is not an attribute: it stands neither in seeds/reference/attributes.csv '"
    ~ " || 'nor in custom_attributes.csv'"
) }}
union all
select
    named_activities.file_name,
    named_activities.row_number,
    named_activities.column_name,
    named_activities.activity as value,
    'is not an activity of activities.csv' as problem
from named_activities
left join file_rows
    on file_rows.file_name = 'activities' and named_activities.activity = file_rows.activity
where file_rows.file_name is null
union all
{{ problem_rows(
    'file_rows', 'model_id',
    "file_name like 'rules_%' and not exists (select 1 from file_rows as dimensions"
    ~ " where dimensions.file_name = 'dimensions' and dimensions.model_id = file_rows.model_id"
    ~ ' and dimensions.dimension = ' ~ dimension_of_file('file_rows.file_name') ~ ')',
    "'has no row for the dimension ' || " ~ dimension_of_file('file_rows.file_name')
    ~ " || ' in dimensions.csv'"
) }}
union all
{{ problem_rows(
    'file_rows', 'rule_id',
    "file_name = 'score_parts'"
    ~ ' and exists (select 1 from scored_models where scored_models.model_id = file_rows.model_id)'
    ~ " and not exists (select 1 from file_rows as rules where rules.file_name like 'rules_%'"
    ~ ' and rules.model_id = file_rows.model_id and rules.rule_id = file_rows.rule_id)',
    "'is not a rule of the model ' || model_id"
) }}
union all
select
    scored_models.file_name,
    scored_models.row_number,
    'model_id' as column_name,
    scored_models.model_id as value,
    case
        when lowest_tiers.model_id is null then 'has no tier in tiers.csv'
        else 'has no tier for its lowest scores; one tier of tiers.csv must be entered at '
            || scored_models.min_score || ' or below'
    end as problem
from scored_models
left join lowest_tiers on scored_models.model_id = lowest_tiers.model_id
where
    scored_models.role in ('champion', 'challenger')
    and coalesce(lowest_tiers.enter_at > {{ read_number('scored_models.min_score') }}, true)
union all
{{ problem_rows(
    'scored_models', 'model_id',
    "role in ('champion', 'challenger') and not exists (select 1 from file_rows as dimensions"
    ~ " where dimensions.file_name = 'dimensions'"
    ~ " and dimensions.model_id = scored_models.model_id)",
    "'has no dimension in dimensions.csv'"
) }}
union all
select * from nothing_to_score
