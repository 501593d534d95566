-- depends_on: {{ ref('rule_book_problems') }}
with

rules as (

    select * from {{ ref('rules_behavioral') }}

),

activity_rules as (

    select
        trim(model_id) as model_id,
        trim(rule_id) as rule_id,
        trim(activity) as activity,
        {{ read_number('points') }} as points,
        trim(decay) as decay,
        cast({{ read_number('half_life_days') }} as {{ type_double() }}) as half_life_days,
        cast({{ read_number('floor_weight') }} as {{ type_double() }}) as floor_weight,
        {{ read_number('max_age_days') }} as max_age_days,
        {{ read_number('max_per_day') }} as max_per_day,
        {{ read_number('max_points') }} as max_points,
        trim(reason) as reason,
        {{ read_date('valid_from') }} as valid_from,
        {{ read_date('valid_to') }} as valid_to
    from rules

)

select * from activity_rules
