-- depends_on: {{ ref('rule_book_problems') }}
with

-- Not the seed itself, because a rule book may leave out the columns that are optional.
file_rows as (

    select * from {{ ref('rule_book_rows') }}

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

model_tiers as (

    select
        scored_models.model_no,
        file_rows.model_id,
        file_rows.tier,
        {{ read_number('file_rows.enter_at') }} as enter_at,
        -- Without a threshold of its own a tier is left where it is entered.
        coalesce(
            {{ read_number('file_rows.leave_below') }}, {{ read_number('file_rows.enter_at') }}
        ) as leave_below,
        cast(coalesce({{ read_number('file_rows.min_days_in_tier') }}, 0) as integer)
            as min_days_in_tier,
        nullif(file_rows.action, '') as action,
        cast({{ read_number('file_rows.sla_hours') }} as {{ dbt.type_bigint() }}) as sla_hours,
        nullif(file_rows.stage, '') as stage,
        coalesce(file_rows.hands_over = 'true', false) as hands_over,
        cast({{ read_number('file_rows.capacity') }} as {{ dbt.type_bigint() }}) as capacity,
        nullif(file_rows.required_fields, '') as required_fields,
        coalesce({{ read_number('file_rows.worked_anyway_pct') }}, 0) as worked_anyway_pct
    from file_rows
    inner join scored_models on file_rows.model_id = scored_models.model_id
    where file_rows.file_name = 'tiers'

)

select
    *,
    cast(
        row_number() over (partition by model_id order by enter_at, tier)
        as {{ dbt.type_bigint() }}
    ) as level,
    lead(enter_at) over (partition by model_id order by enter_at, tier) as next_enter_at
from model_tiers
