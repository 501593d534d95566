-- depends_on: {{ ref('rule_book_problems') }}
with

rules as (

    select
        'demographic' as dimension,
        model_id,
        rule_id,
        attribute,
        operator,
        value,
        points,
        reason,
        valid_from,
        valid_to
    from {{ ref('rules_demographic') }}
    union all
    select
        'firmographic' as dimension,
        model_id,
        rule_id,
        attribute,
        operator,
        value,
        points,
        reason,
        valid_from,
        valid_to
    from {{ ref('rules_firmographic') }}
    union all
    select
        'readiness' as dimension,
        model_id,
        rule_id,
        attribute,
        operator,
        value,
        points,
        reason,
        valid_from,
        valid_to
    from {{ ref('rules_readiness') }}
    union all
    select
        'data_quality' as dimension,
        model_id,
        rule_id,
        attribute,
        operator,
        value,
        points,
        reason,
        valid_from,
        valid_to
    from {{ ref('rules_data_quality') }}

),

attribute_rules as (

    select
        dimension,
        trim(model_id) as model_id,
        trim(rule_id) as rule_id,
        trim(attribute) as attribute,
        trim(operator) as operator,
        coalesce(trim(value), '') as value,
        {{ read_number('points') }} as points,
        trim(reason) as reason,
        {{ read_date('valid_from') }} as valid_from,
        {{ read_date('valid_to') }} as valid_to
    from rules

)

select * from attribute_rules
