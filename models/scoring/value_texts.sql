with

attribute_values as (

    select * from {{ ref('attribute_values') }}

),

met_values as (

    select distinct value_no from {{ ref('value_points') }}

),

named_attributes as (

    select * from {{ ref('named_attributes') }}

),

attributes as (

    select * from {{ ref('attributes') }}

),

condition_rows as (

    select distinct
        condition_key,
        condition
    from {{ ref('condition_rows') }}

),

condition_texts as (

    select * from {{ ref('condition_texts') }}

),

named_values as (

    select
        attribute_values.value_no,
        attribute_values.value,
        replace(
            coalesce(condition_rows.condition, named_attributes.written_attribute), '_', ' '
        ) as name,
        condition_rows.condition_key is not null as is_condition,
        condition_texts.words,
        coalesce(attributes.is_personal = 'true', false) as is_personal
    from attribute_values
    inner join met_values on attribute_values.value_no = met_values.value_no
    inner join named_attributes on attribute_values.attribute = named_attributes.attribute
    left join attributes on named_attributes.written_attribute = attributes.attribute
    left join condition_rows on attribute_values.attribute = condition_rows.condition_key
    left join condition_texts on attribute_values.attribute = condition_texts.condition_key

)

-- Evidence may be read by anyone who reads the score, so it names no personal data.
select
    value_no,
    case
        when value = '' then name || ' is unknown'
        when is_condition
            then case value when 'true' then '' else 'not ' end || name
                || coalesce(': ' || words, '')
        when is_personal then name || ' is given'
        else name || ': ' || value
    end as evidence
from named_values
