-- depends_on: {{ ref('rule_book_problems') }}
with

key_fields as (

    select * from {{ ref('model_key_fields') }}

),

counted as (

    select
        model_id,
        row_number() over (partition by model_id order by attribute) as filled_fields,
        count(*) over (partition by model_id) as key_fields
    from key_fields
    union all
    select
        model_id,
        0 as filled_fields,
        count(*) as key_fields
    from key_fields
    group by model_id

),

completeness_steps as (

    select
        model_id,
        model_id || '.completeness_pct' as attribute_key,
        cast(filled_fields as {{ dbt.type_bigint() }}) as filled_fields,
        {{ completeness_pct('filled_fields', 'key_fields') }} as completeness_pct
    from counted

)

select
    *,
    cast(completeness_pct as {{ dbt.type_string() }}) as value
from completeness_steps
