with

file_rows as (

    select * from {{ ref('rule_book_rows') }}
    where file_name = 'activity_attributes'

),

scoped_attributes as (

    select distinct
        attribute,
        attribute_key,
        product
    from {{ ref('scoped_attributes') }}
    where kind = 'activities'

),

named_attributes as (

    select * from {{ ref('named_attributes') }}

),

activities as (

    select * from {{ ref('int_activities') }}

),

asked_for as (

    select
        attribute,
        measure,
        cast(
            coalesce({{ read_number('within_days') }}, {{ var('events_kept_days') }} + 1)
            as integer
        ) as within_days,
        coalesce({{ read_date('valid_from') }}, {{ date_literal('1900-01-01') }}) as valid_from,
        {{ read_date('valid_to') }} as valid_to,
        {{ split_to_trimmed_rows('activities') }} as activity
    from file_rows

)

select distinct
    named_attributes.attribute_no,
    asked_for.measure,
    asked_for.within_days,
    asked_for.valid_from,
    asked_for.valid_to,
    activities.activity_no
from asked_for
inner join scoped_attributes on asked_for.attribute = scoped_attributes.attribute
inner join named_attributes on scoped_attributes.attribute_key = named_attributes.attribute
left join activities
    on
    asked_for.activity = activities.activity
    and {{ is_of_product('scoped_attributes.product', 'activities.named_product') }}
