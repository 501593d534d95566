with

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

deal_stages as (

    select * from {{ ref('deal_stages') }}

),

stage_conversion as (

    select * from {{ ref('deal_stage_conversion') }}

),

deals as (

    select
        *,
        lower(trim(stage)) as stage_name,
        {{ decided_on('opportunities') }} as decided_on
    from opportunities

),

-- How long a deal takes of which only its beginning is known.
whole_deals as (

    select
        as_of_date,
        {{ median_of(dbt.datediff('created_at', 'decided_on', 'day')) }} as days_to_win
    from deals
    where decided_on is not null and is_won
    group by as_of_date

),

expected as (

    select
        deals.*,
        -- What a seller says of the deal goes before what is said of all in its stage.
        case
            when deals.probability_pct > 100 then 100
            else coalesce(deals.probability_pct, deal_stages.confidence_pct)
        end as confidence_pct,
        coalesce(stage_conversion.median_days_to_win, whole_deals.days_to_win, 0) as days_to_win
    from deals
    left join deal_stages on deals.stage_name = deal_stages.stage
    left join stage_conversion
        on
        deals.as_of_date = stage_conversion.as_of_date
        and deals.stage_name = stage_conversion.stage
    left join whole_deals on deals.as_of_date = whole_deals.as_of_date
    where deals.decided_on is null

)

select
    as_of_date,
    opportunity_id,
    lead_id,
    account_id,
    stage,
    amount,
    cast(confidence_pct as decimal(5, 2)) as confidence_pct,
    {{ as_decimal(divided('amount * confidence_pct', '100'), 18, 2) }} as forecast_amount,
    lower(product) as product,
    coalesce(
        expected_close_on, cast(as_of_date + cast(floor(days_to_win) as integer) as date)
    ) as expected_on,
    expected_close_on is null as is_expected_by_history,
    nullif(
        concat_ws(
            '; ',
            case
                when confidence_pct is null and coalesce(stage_name, '') = '' then 'has no stage'
                when confidence_pct is null
                    then
                        'its stage ' || stage_name || ' stands in no row of stage_confidence.csv: '
                        || 'add it there'
            end,
            case when amount is null then 'has no amount' end
        ), ''
    ) as problem
from expected
