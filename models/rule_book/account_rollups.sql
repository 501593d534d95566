-- depends_on: {{ ref('rule_book_problems') }}
with

account_rollup as (

    select * from {{ ref('account_rollup') }}

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

-- A row of the model's own comes before the row without a model, which is everybody's.
ranked as (

    select
        scored_models.model_id,
        cast({{ read_number('account_rollup.next_lead_weight') }} as {{ type_double() }})
            as next_lead_weight,
        {{ read_number('account_rollup.leads_counted') }} as leads_counted,
        {{ read_number('account_rollup.engaged_within_days') }} as engaged_within_days,
        {{ read_number('account_rollup.max_score') }} as max_score,
        row_number() over (
            partition by scored_models.model_id order by account_rollup.model_id nulls last
        ) as place
    from scored_models
    inner join account_rollup
        on scored_models.model_id = coalesce(account_rollup.model_id, scored_models.model_id)

)

select
    model_id,
    next_lead_weight,
    leads_counted,
    engaged_within_days,
    max_score
from ranked
where place = 1
