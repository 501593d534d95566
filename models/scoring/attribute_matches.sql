with

lead_attributes as (

    select * from {{ ref('int_lead_attributes') }}

),

completeness as (

    select * from {{ ref('int_lead_completeness') }}

),

operands as (

    select * from {{ ref('attribute_rule_operands') }}

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

attributes as (

    select * from {{ ref('attributes') }}

),

attribute_candidates as (

    select * from {{ ref('attribute_candidates') }}

),

-- A rule is tried once on each value that occurs or may turn out, not once on each lead.
distinct_values as (

    select distinct
        attribute,
        value
    from lead_attributes
    union
    select
        'completeness_pct' as attribute,
        cast(completeness_pct as {{ dbt.type_string() }}) as value
    from completeness
    union
    select
        attribute,
        value
    from attribute_candidates

),

met as (

    select distinct
        operands.dimension,
        operands.model_id,
        operands.rule_id,
        operands.operator,
        operands.points,
        operands.reason,
        operands.valid_from,
        operands.valid_to,
        distinct_values.attribute,
        distinct_values.value
    from distinct_values
    inner join operands on distinct_values.attribute = operands.attribute
    inner join scored_models on operands.model_id = scored_models.model_id
    where {{ operator_is_met(
            'operands.operator', 'trim(distinct_values.value)', 'operands.operand'
        ) }}

),

-- Evidence may be read by anyone who reads the score, so it names no personal data.
attribute_matches as (

    select
        met.*,
        replace(met.attribute, '_', ' ') || case
            when met.value = '' then ' is unknown'
            when attributes.is_personal = 'true' then ' is given'
            else ': ' || met.value
        end as evidence
    from met
    left join attributes on met.attribute = attributes.attribute

)

select * from attribute_matches
