{{ config(materialized=branch_of_union()) }}

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
    union
    select attribute from file_rows
    where file_name = 'activity_attributes'

),

-- A condition is known to its own model alone.
model_attributes as (

    select
        scored_models.model_id,
        known_attributes.attribute
    from scored_models
    cross join known_attributes
    union
    select
        model_id,
        condition as attribute
    from file_rows
    where file_name = 'conditions'

),

demanded_fields as (

    select
        file_name,
        row_number,
        model_id,
        {{ split_to_trimmed_rows('required_fields') }} as required_fields
    from file_rows
    where file_name = 'tiers' and required_fields <> ''

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

-- A shipped file that stands in for one that the rule book lacks may name other models.
{{ problem_rows(
    'file_rows', 'model_id',
    "model_id <> '' and file_name not in " ~ list_stand_ins()
    ~ ' and not exists ('
    ~ 'select 1 from scored_models where scored_models.model_id = file_rows.model_id)',
    "'is not a model of models.csv'"
) }}
union all
{{ problem_rows(
    'file_rows', 'attribute',
    "attribute <> '' and model_id in (select scored_models.model_id from scored_models)"
    ~ ' and not exists (select 1 from model_attributes'
    ~ ' where model_attributes.model_id = file_rows.model_id'
    ~ ' and model_attributes.attribute = file_rows.attribute)',
    "'is not an attribute: it stands neither in seeds/reference/attributes.csv nor in '"
    ~ " || 'custom_attributes.csv or activity_attributes.csv, and is no condition of the model'"
) }}
union all
{{ problem_rows(
    'demanded_fields', 'required_fields',
    'model_id in (select scored_models.model_id from scored_models)'
    ~ ' and not exists (select 1 from model_attributes'
    ~ ' where model_attributes.model_id = demanded_fields.model_id'
    ~ ' and model_attributes.attribute = demanded_fields.required_fields)',
    "'is not an attribute: it stands neither in seeds/reference/attributes.csv nor in '"
    ~ " || 'custom_attributes.csv or activity_attributes.csv, and is no condition of the model'"
) }}
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
{{ problem_rows(
    'scored_models', 'model_id',
    "role in ('champion', 'challenger') and not exists (select 1 from file_rows as outcomes"
    ~ " where outcomes.file_name = 'outcomes'"
    ~ " and coalesce(nullif(outcomes.model_id, ''), scored_models.model_id)"
    ~ " = scored_models.model_id)",
    "'has no outcome in outcomes.csv, which says what its scores foretell: add a row for it, or '"
    ~ " || 'one with an empty model_id, which counts for every model without its own'"
) }}
union all
select * from nothing_to_score
