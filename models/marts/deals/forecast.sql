with

open_deals as (

    select * from {{ ref('sales_forecast') }}

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

targets as (

    select * from {{ ref('sales_targets') }}

),

-- Each deal counts for its product and for all of them together.
deals as (

    select
        *,
        coalesce(product, 'no product') as counts_for
    from open_deals
    union all
    select
        *,
        'all products' as counts_for
    from open_deals

),

summed as (

    select
        as_of_date,
        cast({{ dbt.date_trunc('month', 'expected_on') }} as date) as month,
        counts_for as product,
        count(*) as deals,
        coalesce(sum(amount), 0) as open_amount,
        coalesce(sum(case when confidence_pct is not null then amount end), 0) as known_amount,
        coalesce(sum(forecast_amount), 0) as expected,
        -- Won with the probability p an amount varies by p (1 - p) amount².
        coalesce(sum(
            cast(forecast_amount as {{ type_double() }})
            * cast(amount - forecast_amount as {{ type_double() }})
        ), 0) as variance,
        count(case when confidence_pct is null then 1 end) as deals_unknown_stage,
        count(case when amount is null then 1 end) as deals_without_amount,
        count(case when expected_on < as_of_date then 1 end) as deals_overdue
    from deals
    group by as_of_date, cast({{ dbt.date_trunc('month', 'expected_on') }} as date), counts_for

),

-- What the pipeline of a product turns into sales on average, by all of its months.
pipelines as (

    select
        as_of_date,
        product,
        {{ divided('sum(expected)', 'nullif(sum(known_amount), 0)') }} as conversion
    from summed
    group by as_of_date, product

),

won as (

    select * from {{ ref('won_amounts') }}

),

-- A target that is over needs no pipeline any more.
targets_ahead as (

    select
        as_of_dates.as_of_date,
        targets.month,
        targets.product,
        targets.target
    from targets
    inner join as_of_dates
        on targets.month >= cast({{ dbt.date_trunc('month', 'as_of_dates.as_of_date') }} as date)

),

months as (

    select
        as_of_date,
        month,
        product
    from summed
    union
    select
        as_of_date,
        month,
        product
    from targets_ahead

),

measured as (

    select
        months.as_of_date,
        months.month,
        months.product,
        coalesce(summed.deals, 0) as deals,
        coalesce(summed.open_amount, 0) as open_amount,
        coalesce(summed.known_amount, 0) as known_amount,
        coalesce(summed.expected, 0) as expected,
        coalesce({{ normal_reach('summed.variance') }}, 0) as reach,
        coalesce(summed.deals_unknown_stage, 0) as deals_unknown_stage,
        coalesce(summed.deals_without_amount, 0) as deals_without_amount,
        coalesce(summed.deals_overdue, 0) as deals_overdue,
        coalesce(won.won_amount, 0) as won_amount,
        targets_ahead.target,
        case
            when targets_ahead.target is not null
                then greatest(0, targets_ahead.target - coalesce(won.won_amount, 0))
        end as missing_amount,
        nullif(coalesce(pipelines.conversion, all_of_them.conversion), 0) as conversion
    from months
    left join summed
        on
        months.as_of_date = summed.as_of_date
        and months.month = summed.month
        and months.product = summed.product
    left join pipelines
        on months.as_of_date = pipelines.as_of_date and months.product = pipelines.product
    left join pipelines as all_of_them
        on months.as_of_date = all_of_them.as_of_date and all_of_them.product = 'all products'
    left join won
        on
        months.as_of_date = won.as_of_date
        and months.month = won.month
        and months.product = won.product
    left join targets_ahead
        on
        months.as_of_date = targets_ahead.as_of_date
        and months.month = targets_ahead.month
        and months.product = targets_ahead.product

)

select
    as_of_date,
    month,
    product,
    deals,
    cast(open_amount as decimal(18, 2)) as open_amount,
    cast(expected as decimal(18, 2)) as expected,
    {{ as_decimal('greatest(0, expected - reach)', 18, 2) }} as low,
    {{ as_decimal('least(known_amount, expected + reach)', 18, 2) }} as high,
    deals_unknown_stage,
    cast(open_amount - known_amount as decimal(18, 2)) as open_amount_unknown_stage,
    deals_without_amount,
    deals_overdue,
    cast(won_amount as decimal(18, 2)) as won_amount,
    target,
    {{ as_decimal(divided('missing_amount', 'conversion'), 38, 2) }} as needed_pipeline,
    -- Where nothing is open there is no pipeline, and none that is needed once the target is won.
    case
        when missing_amount is not null
            then
                coalesce(
                    known_amount >= {{ divided('missing_amount', 'conversion') }},
                    missing_amount = 0
                )
    end as has_needed_pipeline
from measured
