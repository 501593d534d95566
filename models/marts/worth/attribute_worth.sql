with

newest_day as (

    select max(as_of_date) as as_of_date from {{ ref('int_as_of_dates') }}

),

lead_outcomes as (

    select * from {{ ref('int_lead_outcomes') }}

),

model_outcomes as (

    select * from {{ ref('model_outcomes') }}

),

thresholds as (

    select * from {{ ref('thresholds') }}

),

counted as (

    select * from {{ ref('attribute_counts') }}

),

totals as (

    select
        lead_outcomes.as_of_date,
        lead_outcomes.model_id,
        count(*) as all_leads,
        count(case when lead_outcomes.has_outcome then 1 end) as all_outcomes
    from lead_outcomes
    inner join newest_day on lead_outcomes.as_of_date = newest_day.as_of_date
    group by lead_outcomes.as_of_date, lead_outcomes.model_id

),

compared as (

    select
        totals.as_of_date,
        counted.*,
        totals.all_leads,
        totals.all_leads - counted.leads as leads_without,
        totals.all_outcomes - counted.outcomes as outcomes_without,
        counted.leads - counted.outcomes as others,
        totals.all_leads - counted.leads - totals.all_outcomes + counted.outcomes as others_without,
        counted.leads < thresholds.rule_leads_needed
        or totals.all_leads - counted.leads < thresholds.rule_leads_needed
        or totals.all_leads < thresholds.leads_needed
        or totals.all_outcomes < thresholds.outcomes_needed
        or totals.all_leads - totals.all_outcomes < thresholds.outcomes_needed as is_too_few
    from counted
    inner join totals on counted.model_id = totals.model_id
    cross join thresholds

),

-- Of a table of four numbers none may be 0 where it is divided by: then each gets a half more.
filled as (

    select
        *,
        case
            when least(outcomes, others, outcomes_without, others_without) = 0 then 0.5 else 0.0
        end as more
    from compared

),

weighed as (

    select
        *,
        {{ share_with_interval('outcomes', 'leads', 'rate', 'rate') }},
        {{ share_with_interval(
            'outcomes_without', 'leads_without', 'rate_without', 'rate_without'
        ) }},
        {{ weight_of_evidence(
            'outcomes + more', 'others + more',
            'outcomes_without + more', 'others_without + more'
        ) }} as evidence,
        {{ information_of_split(
            'outcomes + more', 'others + more',
            'outcomes_without + more', 'others_without + more'
        ) }} as information,
        {{ normal_reach(variance_of_evidence(
            'outcomes + more', 'others + more',
            'outcomes_without + more', 'others_without + more'
        )) }} as evidence_reach
    from filled

),

-- One unit of evidence is worth so much that the data gives as many points in all as the rule book
-- does. Points for activities fade: they are shared out among activities alone.
scaled as (

    select
        *,
        sum(case when not is_too_few and points_now <> 0 then leads * abs(points_now) end)
            over (partition by model_id, kind = 'activity')
        / nullif(
            sum(case when not is_too_few and points_now <> 0 then leads * abs(evidence) end)
                over (partition by model_id, kind = 'activity'), 0
        ) * case when not is_too_few then 1 end as points_per_unit
    from weighed

),

judged as (

    select
        *,
        points_per_unit * evidence as points_by_data,
        points_per_unit * (evidence - evidence_reach) as points_low,
        points_per_unit * (evidence + evidence_reach) as points_high,
        rate_low > rate_without_high as is_more,
        rate_high < rate_without_low as is_less
    from scaled

),

named as (

    select
        *,
        case
            when is_too_few then 'too_few_outcomes'
            when (points_now > 0 and is_less) or (points_now < 0 and is_more)
                then 'points_the_wrong_way'
            when
                points_now <> 0
                and (
                    points_now < least(points_low * 2, points_low / 2)
                    or points_now > greatest(points_high * 2, points_high / 2)
                )
                then 'another_size'
            when points_now = 0 and (is_less or is_more) then 'no_points_yet'
        end as finding
    from judged

)

select
    named.as_of_date,
    named.model_id,
    named.kind,
    named.attribute,
    named.value,
    cast(named.leads as {{ dbt.type_bigint() }}) as leads,
    cast(named.outcomes as {{ dbt.type_bigint() }}) as outcomes,
    named.rate,
    named.rate_low,
    named.rate_high,
    named.rate_without,
    named.rate_without_low,
    named.rate_without_high,
    {{ as_decimal(divided(
        divided('1.0 * named.outcomes', 'nullif(named.leads, 0)') ~ ' * named.leads_without',
        'nullif(named.outcomes_without, 0)'
    ), 12, 4) }} as lift,
    cast(named.evidence as decimal(12, 4)) as weight_of_evidence,
    cast(named.information as decimal(12, 4)) as information_value,
    cast(named.points_now as decimal(12, 4)) as points_now,
    cast(named.points_by_data as decimal(12, 1)) as points_by_data,
    cast(named.points_low as decimal(12, 1)) as points_by_data_low,
    cast(named.points_high as decimal(12, 1)) as points_by_data_high,
    named.finding,
    case
        when named.finding in ('points_the_wrong_way', 'another_size', 'no_points_yet')
            then
                {{ format_share('named.rate') }} || ' of the ' || named.leads || ' leads have '
                || model_outcomes.outcome_text || ', and '
                || {{ format_share('named.rate_without') }}
                || ' of the ' || named.leads_without || ' others: the rule book gives '
                || {{ format_points('cast(named.points_now as decimal(12, 4))') }} || ' points'
                || coalesce(
                    ', the data would give '
                    || {{ format_points('cast(named.points_by_data as decimal(12, 1))') }}, ''
                ) || '.'
    end as finding_text
from named
inner join model_outcomes on named.model_id = model_outcomes.model_id
