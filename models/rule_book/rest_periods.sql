-- depends_on: {{ ref('rule_book_problems') }}
with

recycling as (

    select * from {{ ref('recycling') }}

),

rest_periods as (

    select
        lower(coalesce(trim(reason), '')) as reason,
        cast({{ read_number('rest_days') }} as integer) as rest_days
    from recycling

)

select * from rest_periods
