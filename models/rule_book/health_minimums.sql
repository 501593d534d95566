-- depends_on: {{ ref('rule_book_problems') }}
with

model_minimums as (

    select * from {{ ref('model_minimums') }}

),

minimums as (

    select
        trim(minimum) as minimum,
        {{ read_number('value') }} as value
    from model_minimums

)

select
    cast(max(case when minimum = 'leads' then value end) as {{ dbt.type_bigint() }})
        as leads_needed,
    cast(max(case when minimum = 'outcomes' then value end) as {{ dbt.type_bigint() }})
        as outcomes_needed,
    cast(max(case when minimum = 'rule_leads' then value end) as {{ dbt.type_bigint() }})
        as rule_leads_needed,
    max(case when minimum = 'capped_pct' then value end) as mostly_capped_pct
from minimums
