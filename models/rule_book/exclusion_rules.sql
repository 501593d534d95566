-- depends_on: {{ ref('rule_book_problems') }}
with

exclusions as (

    select * from {{ ref('exclusions') }}

),

exclusion_rules as (

    select
        trim(kind) as kind,
        lower(trim(value)) as value,
        trim(reason) as reason,
        {{ read_date('valid_from') }} as valid_from,
        {{ read_date('valid_to') }} as valid_to
    from exclusions

)

select * from exclusion_rules
