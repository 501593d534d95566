with

stays as (

    select * from {{ ref('deal_stage_stays') }}

),

deal_stages as (

    select * from {{ ref('deal_stages') }}

),

thresholds as (

    select * from {{ ref('thresholds') }}

),

counted as (

    select
        as_of_date,
        stage,
        count(*) as deals_entered,
        count(case when deal_state = 'won' then 1 end) as won,
        count(case when deal_state = 'lost' then 1 end) as lost,
        count(case when deal_state = 'lost' and is_last then 1 end) as lost_here,
        count(case when deal_state = 'open' then 1 end) as still_open,
        count(case when deal_state = 'open' and is_last then 1 end) as open_here,
        {{ median_of(dbt.datediff('entered_on', 'left_on', 'day')) }} as median_days_in_stage,
        {{ median_of(
            "case when deal_state = 'won' then "
            ~ dbt.datediff('entered_on', 'decided_on', 'day') ~ ' end'
        ) }} as median_days_to_win
    from stays
    group by as_of_date, stage

),

measured as (

    select
        counted.*,
        cast(deal_stages.confidence_pct as decimal(5, 2)) as confidence_pct,
        {{ share_with_interval('counted.won', 'counted.won + counted.lost', 'conversion') }}
    from counted
    left join deal_stages on counted.stage = deal_stages.stage

)

select
    measured.as_of_date,
    measured.stage,
    measured.deals_entered,
    measured.won,
    measured.lost,
    measured.lost_here,
    measured.still_open,
    measured.open_here,
    measured.conversion_rate,
    measured.conversion_low,
    measured.conversion_high,
    cast(measured.median_days_in_stage as decimal(9, 1)) as median_days_in_stage,
    cast(measured.median_days_to_win as decimal(9, 1)) as median_days_to_win,
    measured.confidence_pct,
    case
        when measured.confidence_pct is null
            then 'Stands in no row of stage_confidence.csv: its deals add nothing to the forecast.'
        when measured.won + measured.lost < thresholds.outcomes_needed
            then 'Too few of its deals are decided to say whether its confidence is right.'
        when
            measured.confidence_pct < 100 * measured.conversion_low
            or measured.confidence_pct > 100 * measured.conversion_high
            then
                'Of ' || (measured.won + measured.lost) || ' decided deals that were in it '
                || {{ format_share('measured.conversion_rate') }}
                || ' were won, and stage_confidence.csv says '
                || {{ format_share('measured.confidence_pct / 100') }}
                || ': the difference is more than chance.'
    end as finding_text
from measured
cross join thresholds
