-- depends_on: {{ ref('rule_book_problems') }}
with

outcomes as (

    select * from {{ ref('rule_book_rows') }}
    where file_name = 'outcomes'

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

-- A row of the model's own comes before the row without a model, which is everybody's.
ranked as (

    select
        scored_models.model_no,
        scored_models.model_id,
        outcomes.outcome,
        case
            when outcomes.outcome in ('opportunity', 'won_opportunity')
                then coalesce(nullif(outcomes.value, ''), scored_models.product)
            when outcomes.outcome = 'stage' then scored_models.product
        end as product,
        case when outcomes.outcome = 'stage' then lower(outcomes.value) end as stage,
        cast({{ read_number('outcomes.horizon_days') }} as integer) as horizon_days,
        coalesce(outcomes.ends_with = 'lost', false) as ends_with_loss,
        cast({{ read_number('outcomes.cool_down_days') }} as integer) as cool_down_days,
        row_number() over (
            partition by scored_models.model_id order by nullif(outcomes.model_id, '') nulls last
        ) as place
    from scored_models
    inner join outcomes
        on scored_models.model_id = coalesce(nullif(outcomes.model_id, ''), scored_models.model_id)

)

select
    model_no,
    model_id,
    outcome,
    product,
    stage,
    case outcome
        when 'accepted_hand_over' then 'a hand-over that sales accepted'
        else
            case outcome when 'won_opportunity' then 'a won opportunity' else 'an opportunity' end
            || coalesce(' for ' || product, '') || coalesce(' that reached ' || stage, '')
    end as outcome_text,
    horizon_days,
    ends_with_loss,
    cool_down_days,
    -- What is to be foretold, as one text: evidence about something else does not count.
    concat_ws(
        '|', outcome, coalesce(product, stage, ''), {{ as_text('horizon_days') }},
        case when ends_with_loss then 'lost' else 'none' end,
        coalesce({{ as_text('cool_down_days') }}, '')
    ) as outcome_key
from ranked
where place = 1
