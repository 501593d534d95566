-- depends_on: {{ ref('rule_book_problems') }}
with

rules as (

    select * from {{ ref('rules_sequence') }}

),

sequence_rule_activities as (

    select distinct
        trim(model_id) as model_id,
        trim(rule_id) as rule_id,
        trim({{ split_to_rows('activities') }}) as activity,
        trim(activities) as activities,
        {{ read_number('within_days') }} as within_days,
        {{ read_number('points') }} as points,
        trim(decay) as decay,
        cast({{ read_number('half_life_days') }} as {{ type_double() }}) as half_life_days,
        trim(reason) as reason,
        {{ read_date('valid_from') }} as valid_from,
        {{ read_date('valid_to') }} as valid_to
    from rules

)

select
    *,
    count(*) over (partition by model_id, rule_id, valid_from) as activities_needed
from sequence_rule_activities
