-- depends_on: {{ ref('rule_book_problems') }}
with

stacked as (

    select
        trim(minimum) as threshold,
        {{ read_number('value') }} as value
    from {{ ref('model_minimums') }}
    union all
    select
        trim(threshold) as threshold,
        {{ read_number('seconds') }} as value
    from {{ ref('machine_thresholds') }}

)

select
    cast(max(case when threshold = 'leads' then value end) as {{ dbt.type_bigint() }})
        as leads_needed,
    cast(max(case when threshold = 'outcomes' then value end) as {{ dbt.type_bigint() }})
        as outcomes_needed,
    cast(max(case when threshold = 'rule_leads' then value end) as {{ dbt.type_bigint() }})
        as rule_leads_needed,
    max(case when threshold = 'capped_pct' then value end) as mostly_capped_pct,
    max(case when threshold = 'leak_pct' then value end) as leak_pct,
    cast(
        max(case when threshold = 'promise_leads' then value end) as {{ dbt.type_bigint() }}
    ) as promise_leads_needed,
    cast(
        max(case when threshold = 'confidence_outcomes' then value end) as {{ dbt.type_bigint() }}
    ) as confidence_outcomes_needed,
    cast(
        max(case when threshold = 'confidence_others' then value end) as {{ dbt.type_bigint() }}
    ) as confidence_others_needed,
    cast(
        max(case when threshold = 'links_of_one_mail_within' then value end)
        as {{ dbt.type_bigint() }}
    ) as links_of_one_mail_seconds,
    cast(
        max(case when threshold = 'click_after_delivery_within' then value end)
        as {{ dbt.type_bigint() }}
    ) as click_after_delivery_seconds
from stacked
