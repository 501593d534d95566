with

lead_attributes as (

    select * from {{ ref('int_lead_attributes') }}

),

completeness as (

    select * from {{ ref('int_lead_completeness') }}

),

attribute_matches as (

    select * from {{ ref('attribute_matches') }}

),

met_by_lead as (

    select
        lead_attributes.as_of_date,
        lead_attributes.lead_id,
        attribute_matches.*
    from lead_attributes
    inner join attribute_matches
        on lead_attributes.attribute = attribute_matches.attribute
        and lead_attributes.value = attribute_matches.value
    union all
    select
        completeness.as_of_date,
        completeness.lead_id,
        attribute_matches.*
    from completeness
    inner join attribute_matches
        on attribute_matches.attribute = 'completeness_pct'
        and completeness.model_id = attribute_matches.model_id
        and cast(completeness.completeness_pct as {{ dbt.type_string() }}) = attribute_matches.value

),

attribute_points as (

    select
        as_of_date,
        model_id,
        lead_id,
        rule_id,
        dimension,
        reason,
        evidence,
        cast(null as date) as occurred_on,
        cast(null as {{ dbt.type_bigint() }}) as event_count,
        {{ round_points('points') }} as raw_points,
        {{ round_points('points') }} as points
    from met_by_lead
    where {{ is_valid_on('met_by_lead', 'as_of_date') }}

)

select * from attribute_points
