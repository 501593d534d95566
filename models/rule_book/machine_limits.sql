-- depends_on: {{ ref('rule_book_problems') }}
with

machine_thresholds as (

    select * from {{ ref('machine_thresholds') }}

),

limits as (

    select
        trim(threshold) as threshold,
        cast({{ read_number('seconds') }} as {{ dbt.type_bigint() }}) as seconds
    from machine_thresholds

)

select
    max(case when threshold = 'links_of_one_mail_within' then seconds end)
        as links_of_one_mail_seconds,
    max(case when threshold = 'click_after_delivery_within' then seconds end)
        as click_after_delivery_seconds
from limits
