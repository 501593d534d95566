{{ config(post_hook="{{ stop_on_problems(this) }}") }}

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

known_attributes as (

    select attribute from {{ ref('attributes') }}
    union
    select value as attribute from cells
    where file_name = 'custom_attributes' and column_name = 'attribute' and row_number > 1

),

scored_models as (

    select * from file_rows
    where file_name = 'models'

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

missing_columns as (

    select
        file_format.file_name,
        1 as row_number,
        file_format.column_name,
        '' as value,
        'is missing from the header; it must be there, empty where it does not apply'
            as problem
    from file_format
    left join cells
        on file_format.file_name = cells.file_name
        and file_format.column_name = cells.column_name
        and cells.row_number = 1
    where cells.file_name is null and file_format.is_optional <> 'true'

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
            when file_format.value_type = 'number' and {{ read_number('cells.value') }} is null
                then 'is not a number'
            when file_format.value_type = 'date' and {{ read_date('cells.value') }} is null
                then 'is not a day; write it as 2026-06-30'
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

sensitive_fields as (

    select value as pattern from cells
    where
        file_name = 'sensitive_fields'
        and column_name = 'pattern'
        and row_number > 1
        and {{ pattern_is_readable('value') }}

),

-- A model may use a sensitive field where its own row in models.csv says why: `age: reason`.
explained_fields as (

    select
        model_id,
        trim(split_part(field, ':', 1)) as attribute
    from (
        select
            model_id,
            {{ split_to_rows('sensitive_fields') }} as field
        from scored_models
        where sensitive_fields <> ''
    ) as listed
    where trim(split_part(field, ':', 2)) <> ''

),

sensitive_attributes as (

    select distinct
        file_rows.file_name,
        file_rows.row_number,
        'attribute' as column_name,
        file_rows.attribute as value,
        'is a sensitive field (seeds/reference/sensitive_fields.csv); a model may use it only '
        || 'where the column sensitive_fields of its row in models.csv says why, as '
        || file_rows.attribute || ': reason' as problem
    from file_rows
    inner join sensitive_fields
        on {{ pattern_is_found('file_rows.attribute', 'sensitive_fields.pattern') }}
    left join explained_fields
        on
        file_rows.model_id = explained_fields.model_id
        and file_rows.attribute = explained_fields.attribute
    where
        file_rows.file_name not in ('activities', 'custom_attributes')
        and explained_fields.attribute is null

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

wrong_axes as (

    select
        file_name,
        row_number,
        'axis' as column_name,
        axis as value,
        'is the wrong axis: behavioral is engagement, every other dimension is fit' as problem
    from file_rows
    where
        file_name = 'dimensions'
        and axis in ('fit', 'engagement')
        and (dimension = 'behavioral') <> (axis = 'engagement')

),

unreadable_rule_values as (

    select
        file_name,
        row_number,
        'value' as column_name,
        value,
        case
            when coalesce(value, '') = '' and operator not in ('present', 'missing')
                then 'is empty, but the operator ' || operator || ' needs a value'
            when operator = 'matches' and not {{ pattern_is_readable('value') }}
                then 'is a regular expression that cannot be read'
            when
                operator = 'between'
                and (
                    position('..' in value) = 0
                    or value = '..'
                    or (split_part(value, '..', 1) <> '' and {{ range_low('value') }} is null)
                    or (split_part(value, '..', 2) <> '' and {{ range_high('value') }} is null)
                )
                then 'is not a range of numbers; write it as low..high, 50.. or ..50'
            when operator = 'between' and {{ range_low('value') }} >= {{ range_high('value') }}
                then 'is an empty range: its low end is not below its high end'
        end as problem
    from file_rows
    where operator <> ''

),

half_filled_definitions as (

    select
        file_name,
        row_number,
        'operator' as column_name,
        coalesce(operator, '') as value,
        'must be filled where attribute is, and only there' as problem
    from file_rows
    where
        file_name = 'activities'
        and (coalesce(attribute, '') = '') <> (coalesce(operator, '') = '')

),

missing_half_lives as (

    select
        file_name,
        row_number,
        'half_life_days' as column_name,
        '' as value,
        'is empty, but the decay ' || decay || ' needs a half-life' as problem
    from file_rows
    where decay <> '' and decay <> 'none' and coalesce(half_life_days, '') = ''

),

floors_out_of_range as (

    select
        file_name,
        row_number,
        'floor_weight' as column_name,
        floor_weight as value,
        'must lie between 0 and 1' as problem
    from file_rows
    where {{ read_number('floor_weight') }} < 0 or {{ read_number('floor_weight') }} > 1

),

unknown_rules_of_parts as (

    select
        parts.file_name,
        parts.row_number,
        'rule_id' as column_name,
        parts.rule_id as value,
        'is not a rule of the model ' || parts.model_id as problem
    from file_rows as parts
    inner join scored_models on parts.model_id = scored_models.model_id
    left join file_rows as rules
        on
        rules.file_name like 'rules_%'
        and parts.model_id = rules.model_id
        and parts.rule_id = rules.rule_id
    where parts.file_name = 'score_parts' and rules.rule_id is null

),

numbers_too_small as (

    select
        file_name,
        row_number,
        column_name,
        value,
        case
            when column_name in ('half_life_days', 'max_per_day', 'within_days')
                then case when {{ read_number('value') }} <= 0 then 'must be above 0' end
            when {{ read_number('value') }} < 0 then 'must not be negative'
        end as problem
    from cells
    where
        row_number > 1
        and (
            column_name in (
                'half_life_days', 'max_per_day', 'within_days', 'max_age_days', 'sla_hours',
                'min_days_in_tier', 'capacity', 'rest_days', 'stale_after_days'
            )
            or (file_name = 'rules_behavioral' and column_name = 'max_points')
        )

),

upside_down_dimensions as (

    select
        file_name,
        row_number,
        'min_points' as column_name,
        min_points as value,
        'is above max_points' as problem
    from file_rows
    where
        file_name = 'dimensions'
        and {{ read_number('min_points') }} > {{ read_number('max_points') }}

),

upside_down_models as (

    select
        file_name,
        row_number,
        'min_score' as column_name,
        min_score as value,
        'is not below max_score' as problem
    from file_rows
    where
        file_name = 'models'
        and {{ read_number('min_score') }} >= {{ read_number('max_score') }}

),

periods_that_never_begin as (

    select
        file_name,
        row_number,
        'valid_to' as column_name,
        valid_to as value,
        'is not after valid_from, so the row would never count' as problem
    from file_rows
    where {{ read_date('valid_to') }} <= {{ read_date('valid_from') }}

),

reserved_rule_ids as (

    select
        file_name,
        row_number,
        'rule_id' as column_name,
        rule_id as value,
        'begins with cap:, which is kept for the rows of caps' as problem
    from file_rows
    where rule_id like 'cap:%'

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
        on
        later.model_id = earlier.model_id
        and later.rule_id = earlier.rule_id
        and (
            earlier.file_name < later.file_name
            or (
                earlier.file_name = later.file_name
                and earlier.row_number < later.row_number
            )
        )
        and earlier.valid_from < later.valid_to
        and later.valid_from < earlier.valid_to

),

keys as (

    select
        file_name,
        row_number,
        model_id,
        case file_name
            when 'models' then 'model_id'
            when 'dimensions' then 'dimension'
            when 'tiers' then 'tier'
            when 'grades' then 'grade'
            else 'attribute'
        end as column_name,
        case file_name
            when 'models' then model_id
            when 'dimensions' then dimension
            when 'tiers' then tier
            when 'grades' then grade
            else attribute
        end as value,
        axis
    from file_rows
    where
        file_name in (
            'models', 'dimensions', 'tiers', 'grades', 'key_fields', 'custom_attributes'
        )

),

repeated_keys as (

    select
        file_name,
        row_number,
        column_name,
        value,
        case
            when row_number() over (
                    partition by file_name, model_id, axis, value order by row_number
                ) > 1 then 'is there twice'
        end as problem
    from keys

),

thresholds_upside_down as (

    select
        file_name,
        row_number,
        'leave_below' as column_name,
        leave_below as value,
        'is above enter_at (' || enter_at || '): a lead would leave as it enters' as problem
    from file_rows
    where file_name = 'tiers' and {{ read_number('leave_below') }} > {{ read_number('enter_at') }}

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

),

lowest_tiers as (

    select
        model_id,
        min({{ read_number('enter_at') }}) as enter_at
    from file_rows
    where file_name = 'tiers'
    group by model_id

),

models_without_lowest_tier as (

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

),

models_without_dimensions as (

    select
        scored_models.file_name,
        scored_models.row_number,
        'model_id' as column_name,
        scored_models.model_id as value,
        'has no dimension in dimensions.csv' as problem
    from scored_models
    left join file_rows as dimensions
        on
        dimensions.file_name = 'dimensions'
        and scored_models.model_id = dimensions.model_id
    where
        scored_models.role in ('champion', 'challenger')
        and dimensions.file_name is null

),

models_without_work as (

    select
        'models' as file_name,
        1 as row_number,
        'role' as column_name,
        '' as value,
        'names no champion and no challenger, so there is nothing to score' as problem
    from (
        select count(*) as models_to_score from scored_models
        where role in ('champion', 'challenger')
    ) as counted
    where models_to_score = 0

),

problems as (

    select * from missing_columns
    union all
    select * from cell_problems
    union all
    select * from unknown_models
    union all
    select * from unknown_attributes
    union all
    select * from sensitive_attributes
    union all
    select * from unknown_activities
    union all
    select * from undeclared_dimensions
    union all
    select * from wrong_axes
    union all
    select * from unreadable_rule_values
    union all
    select * from half_filled_definitions
    union all
    select * from unknown_rules_of_parts
    union all
    select * from missing_half_lives
    union all
    select * from floors_out_of_range
    union all
    select * from numbers_too_small
    union all
    select * from upside_down_dimensions
    union all
    select * from upside_down_models
    union all
    select * from periods_that_never_begin
    union all
    select * from reserved_rule_ids
    union all
    select * from repeated_rules
    union all
    select * from repeated_keys
    union all
    select * from thresholds_upside_down
    union all
    select * from unknown_demanded_fields
    union all
    select * from models_without_lowest_tier
    union all
    select * from models_without_dimensions
    union all
    select * from models_without_work

),

sentences as (

    select
        file_name,
        row_number,
        column_name,
        value,
        problem,
        file_name || '.csv, row ' || cast(row_number as {{ dbt.type_string() }}) || ', column '
        || column_name || ': '
        || case when coalesce(value, '') = '' then '' else '''' || value || ''' ' end
        || problem || '.' as sentence
    from problems
    where problem is not null

)

select * from sentences
