{{ config(materialized=branch_of_union()) }}

with

cells as (

    select * from {{ ref('rule_book_cells') }}

),

file_rows as (

    select * from {{ ref('rule_book_rows') }}

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
        from file_rows
        where file_name = 'models' and sensitive_fields <> ''
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
        file_rows.file_name not in ('activities', 'custom_attributes', 'activity_attributes')
        and explained_fields.attribute is null
        -- How old the lead is says nothing of how old the person is.
        and file_rows.attribute not in (
            select attributes.attribute from {{ ref('attributes') }} as attributes
            where attributes.origin in ('computed', 'deals')
        )

)

{{ problem_rows(
    'file_rows', 'min_points',
    "file_name = 'dimensions' and " ~ read_number('min_points') ~ ' > ' ~ read_number('max_points'),
    "'is above max_points'"
) }}
union all
{{ problem_rows(
    'file_rows', 'min_score',
    "file_name = 'models' and " ~ read_number('min_score') ~ ' >= ' ~ read_number('max_score'),
    "'is not below max_score'"
) }}
union all
{{ problem_rows(
    'file_rows', 'leave_below',
    "file_name = 'tiers' and " ~ read_number('leave_below') ~ ' > ' ~ read_number('enter_at'),
    "'is above enter_at (' || enter_at || '): a lead would leave as it enters'"
) }}
union all
{{ problem_rows(
    'file_rows', 'axis',
    "file_name = 'dimensions' and axis in ('fit', 'engagement')"
    ~ " and (dimension = 'behavioral') <> (axis = 'engagement')",
    "'is the wrong axis: behavioral is engagement, every other dimension is fit'"
) }}
union all
{{ problem_rows(
    'file_rows', 'operator',
    "file_name = 'activities' and (coalesce(attribute, '') = '') <> (coalesce(operator, '') = '')",
    "'must be filled where attribute is, and only there'",
    "coalesce(operator, '')"
) }}
union all
{{ problem_rows(
    'file_rows', 'half_life_days',
    "decay <> '' and decay <> 'none' and coalesce(half_life_days, '') = ''",
    "'is empty, but the decay ' || decay || ' needs a half-life'",
    "''"
) }}
union all
{{ problem_rows(
    'file_rows', 'valid_to',
    read_date('valid_to') ~ ' <= ' ~ read_date('valid_from'),
    "'is not after valid_from, so the row would never count'"
) }}
union all
{{ problem_rows(
    'file_rows', 'within_days',
    "file_name = 'activity_attributes' and "
    ~ read_number('within_days') ~ ' <> floor(' ~ read_number('within_days') ~ ')',
    "'is not a whole number of days'"
) }}
union all
{{ problem_rows(
    'file_rows', 'rule_id',
    "rule_id like 'cap:%'",
    "'begins with cap:, which is kept for the rows of caps'"
) }}
union all
select
    file_name,
    row_number,
    'value' as column_name,
    value,
    case
        when coalesce(value, '') = '' and operator not in ('present', 'missing')
            then 'is empty, but the operator ' || operator || ' needs a value'
        when operator in ('matches', 'not_matches') and {{ looks_around('value') }}
            then 'looks ahead or behind, (?=, (?!, (?<= or (?<!, which the regular expressions '
                || 'of engines cannot; write what must not be found with the operator not_matches'
        when
            operator in ('matches', 'not_matches') and not {{ pattern_is_readable('value') }}
            then 'is a regular expression that cannot be read'
        when operator in ('at_least', 'at_most') and {{ read_number('value') }} is null
            then 'is not a number, but the operator ' || operator || ' compares numbers'
        when
            operator in ({{ operators_of_days() }})
            and (
                {{ read_number('value') }} is null
                or {{ read_number('value') }} <> floor({{ read_number('value') }})
                or {{ read_number('value') }} not between 1 and 36500
            )
            then 'is not a whole number of days from 1 to 36500, which the operator '
                || operator || ' needs'
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
union all
select * from sensitive_attributes
