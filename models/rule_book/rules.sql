-- depends_on: {{ ref('rule_book_problems') }}
with

file_rows as (

    select * from {{ ref('rule_book_rows') }}

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

scoped_attributes as (

    select * from {{ ref('scoped_attributes') }}

),

-- What an activity's rule without a limit of its own may give or take in all: the sums of hundreds
-- of such rules still fit into the ledger.
most as (

    select {{ read_number('highest') }} as points
    from {{ ref('rule_book_format') }}
    where file_name = 'rules_behavioral' and column_name = 'max_points'

),

written_rules as (

    select
        model_id,
        rule_id,
        case file_name
            when 'rules_behavioral' then 'activity'
            when 'rules_sequence' then 'sequence'
            else 'attribute'
        end as kind,
        {{ dimension_of_file('file_name') }} as dimension,
        attribute,
        operator,
        coalesce(value, '') as value,
        coalesce(activities, activity) as activities,
        {{ read_number('within_days') }} as within_days,
        {{ read_number('points') }} as points,
        decay,
        cast({{ read_number('half_life_days') }} as {{ type_double() }}) as half_life_days,
        cast({{ read_number('floor_weight') }} as {{ type_double() }}) as floor_weight,
        cast(floor({{ read_number('max_age_days') }}) as integer) as max_age_days,
        {{ read_number('max_per_day') }} as max_per_day,
        case
            when file_name = 'rules_behavioral'
                then coalesce({{ read_number('max_points') }}, (select most.points from most))
        end as max_points,
        reason,
        owner,
        {{ read_date('valid_from') }} as valid_from,
        {{ read_date('valid_to') }} as valid_to,
        coalesce(in_order, '') = 'true' as in_order
    from file_rows
    where left(file_name, 6) = 'rules_'

),

-- What a limit takes or gives is a row of the ledger like any other.
limits as (

    select
        model_id,
        'cap:' || dimension as rule_id,
        dimension,
        {{ read_number('min_points') }} as low,
        {{ read_number('max_points') }} as high
    from file_rows
    where file_name = 'dimensions'
    union all
    select
        model_id,
        'cap:score' as rule_id,
        'score' as dimension,
        min_score as low,
        max_score as high
    from scored_models

),

all_rules as (

    select
        written_rules.*,
        cast(null as {{ dbt.type_numeric() }}) as low,
        cast(null as {{ dbt.type_numeric() }}) as high
    from written_rules
    union all
    select
        model_id,
        rule_id,
        'cap' as kind,
        dimension,
        null as attribute,
        null as operator,
        null as value,
        null as activities,
        null as within_days,
        null as points,
        null as decay,
        null as half_life_days,
        null as floor_weight,
        null as max_age_days,
        null as max_per_day,
        null as max_points,
        null as reason,
        null as owner,
        null as valid_from,
        null as valid_to,
        null as in_order,
        low,
        high
    from limits

)

-- Numbered in the order of their names, so that to sort by the number is to sort by the name.
select
    cast(
        row_number() over (order by all_rules.model_id, all_rules.rule_id, all_rules.valid_from)
        as integer
    ) as rule_no,
    scored_models.model_no,
    scored_models.product,
    coalesce(scoped_attributes.attribute_key, all_rules.attribute) as attribute_key,
    case when all_rules.kind = 'attribute' then {{ test_key(
        'coalesce(scoped_attributes.attribute_key, all_rules.attribute)', 'all_rules.operator',
        'all_rules.value'
    ) }} end as test_no,
    all_rules.*
from all_rules
left join scored_models on all_rules.model_id = scored_models.model_id
left join scoped_attributes
    on
    all_rules.model_id = scoped_attributes.model_id
    and all_rules.attribute = scoped_attributes.attribute
