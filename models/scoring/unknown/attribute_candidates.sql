with

attribute_rules as (

    select * from {{ ref('rules') }}
    where kind = 'attribute' and model_no is not null

),

completeness_steps as (

    select * from {{ ref('completeness_steps') }}

),

condition_levels as (

    select * from {{ ref('condition_levels') }}

),

-- What a condition may turn out to be and how many key fields may be filled is known.
ruled_attributes as (

    select attribute_key as attribute from attribute_rules
    except
    select condition_key as attribute from condition_levels
    except
    select attribute_key as attribute from completeness_steps

),

named_values as (

    select
        attribute_key as attribute,
        {{ split_to_trimmed_rows('value') }} as value
    from attribute_rules
    where operator in ('in', 'not_in')
    union
    select
        attribute_key as attribute,
        value
    from attribute_rules
    where operator in ('equals', 'not_equals', 'at_least', 'at_most')

),

named_numbers as (

    select
        attribute,
        {{ read_number('value') }} as number
    from named_values
    union
    select
        attribute_key as attribute,
        {{ range_low('value') }} as number
    from attribute_rules
    where operator = 'between'
    union
    select
        attribute_key as attribute,
        {{ range_high('value') }} as number
    from attribute_rules
    where operator = 'between'

),

-- No rule tells numbers apart that lie between the same two of those it names.
told_apart as (

    select
        attribute,
        number
    from named_numbers
    union
    select
        attribute,
        number + {{ least_step() }} as number
    from named_numbers
    union
    select
        attribute,
        min(number) - {{ least_step() }} as number
    from named_numbers
    group by attribute

),

attribute_candidates as (

    select
        attribute,
        '' as value
    from ruled_attributes
    union
    select
        attribute,
        {{ unheard_of_value() }} as value
    from ruled_attributes
    union
    select
        named_values.attribute,
        named_values.value
    from named_values
    inner join ruled_attributes on named_values.attribute = ruled_attributes.attribute
    union
    select
        told_apart.attribute,
        cast(told_apart.number as {{ dbt.type_string() }}) as value
    from told_apart
    inner join ruled_attributes on told_apart.attribute = ruled_attributes.attribute
    where told_apart.number is not null
    union
    select
        attribute_key as attribute,
        value
    from completeness_steps
    union
    select
        condition_key as attribute,
        '' as value
    from condition_levels
    union
    select
        condition_key as attribute,
        'true' as value
    from condition_levels
    union
    select
        condition_key as attribute,
        'false' as value
    from condition_levels

)

select * from attribute_candidates
