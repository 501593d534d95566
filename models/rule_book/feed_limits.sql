-- depends_on: {{ ref('rule_book_problems') }}
with

feeds as (

    select * from {{ ref('feeds') }}

),

feed_limits as (

    select
        trim(table_name) as table_name,
        cast({{ read_number('at_most') }} as integer) as stale_after_days
    from feeds
    where verdict = 'stale'

)

select * from feed_limits
