-- depends_on: {{ ref('rule_book_problems') }}
with

rules as (

    select * from {{ ref('rules_behavioral') }}

),

-- What a rule without a limit of its own may give or take in all: the sums of hundreds of such
-- rules still fit into the ledger.
limits as (

    select {{ read_number('highest') }} as most_points
    from {{ ref('rule_book_format') }}
    where file_name = 'rules_behavioral' and column_name = 'max_points'

),

activity_rules as (

    select
        trim(rules.model_id) as model_id,
        trim(rules.rule_id) as rule_id,
        trim(rules.activity) as activity,
        {{ read_number('rules.points') }} as points,
        trim(rules.decay) as decay,
        cast({{ read_number('rules.half_life_days') }} as {{ type_double() }}) as half_life_days,
        cast({{ read_number('rules.floor_weight') }} as {{ type_double() }}) as floor_weight,
        {{ read_number('rules.max_age_days') }} as max_age_days,
        {{ read_number('rules.max_per_day') }} as max_per_day,
        coalesce({{ read_number('rules.max_points') }}, limits.most_points) as max_points,
        trim(rules.reason) as reason,
        {{ read_date('rules.valid_from') }} as valid_from,
        {{ read_date('rules.valid_to') }} as valid_to
    from rules
    cross join limits

)

select * from activity_rules
