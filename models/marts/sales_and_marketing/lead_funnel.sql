with

history as (

    select * from {{ source('tiering', 'lead_score_history') }}

),

scored_days as (

    select * from {{ source('tiering', 'scored_days') }}

),

hand_overs as (

    select * from {{ source('tiering', 'hand_overs') }}

),

scored_models as (

    select * from {{ ref('scored_models') }}

),

model_tiers as (

    select * from {{ ref('model_tiers') }}

),

stage_definitions as (

    select * from {{ ref('stage_definitions') }}

),

verdicts as (

    select * from {{ ref('int_lead_verdicts') }}

),

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

newest_day as (

    select max(as_of_date) as as_of_date from as_of_dates

),

-- Leads in none of the stages are not lost: they stand before the first one.
stages as (

    select
        stage,
        position,
        owner,
        reached_by,
        description
    from stage_definitions
    union all
    select
        'no stage' as stage,
        0 as position,
        'marketing' as owner,
        'score' as reached_by,
        'Scored, but in no tier, or in one whose stage is not in stages.csv' as description

),

tier_positions as (

    select
        model_tiers.model_id,
        model_tiers.tier,
        stages.position
    from model_tiers
    inner join stages on model_tiers.stage = stages.stage

),

first_days as (

    select
        model_id,
        min(as_of_date) as first_day
    from scored_days
    group by model_id

),

history_so_far as (

    select
        newest_day.as_of_date,
        history.*
    from history
    inner join newest_day on history.valid_from <= newest_day.as_of_date

),

leads as (

    select
        history_so_far.as_of_date,
        history_so_far.model_id,
        history_so_far.lead_id,
        scored_models.product,
        coalesce(tier_positions.position, 0) as tier_position
    from history_so_far
    inner join scored_models on history_so_far.model_id = scored_models.model_id
    left join tier_positions
        on history_so_far.model_id = tier_positions.model_id
        and history_so_far.tier = tier_positions.tier
    where history_so_far.valid_to is null or history_so_far.valid_to > history_so_far.as_of_date

),

-- A lead enters a tier with the row that begins on its tier_since. Since when it was in the tier
-- it had on the first scored day, nobody knows.
tier_steps as (

    select
        history_so_far.model_id,
        history_so_far.lead_id,
        tier_positions.position,
        min(history_so_far.valid_from) as happened_on,
        min(
            case
                when history_so_far.valid_from > first_days.first_day
                    then history_so_far.valid_from
            end
        ) as known_since
    from history_so_far
    inner join tier_positions
        on history_so_far.model_id = tier_positions.model_id
        and history_so_far.tier = tier_positions.tier
    inner join first_days on history_so_far.model_id = first_days.model_id
    where history_so_far.valid_from = history_so_far.tier_since
    group by history_so_far.model_id, history_so_far.lead_id, tier_positions.position

),

ranked_verdicts as (

    select
        verdicts.*,
        row_number() over (
            partition by verdicts.lead_id order by verdicts.decided_at desc, verdicts.verdict asc
        ) as recency
    from verdicts
    inner join newest_day on verdicts.as_of_date = newest_day.as_of_date

),

latest_verdicts as (

    select * from ranked_verdicts
    where recency = 1

),

-- What takes a lead on beyond its tier, and whether that still holds.
sales_steps as (

    select
        leads.model_id,
        leads.lead_id,
        'hand_over' as reached_by,
        min(hand_overs.due_on) as happened_on,
        max(case
            when hand_overs.recycled_on <= leads.as_of_date then 0
            when
                latest_verdicts.verdict = 'rejected'
                and latest_verdicts.decided_on >= hand_overs.due_on
                then 0
            else 1
        end) as holds
    from leads
    inner join hand_overs
        on leads.model_id = hand_overs.model_id
        and leads.lead_id = hand_overs.lead_id
        and leads.as_of_date >= hand_overs.due_on
    left join latest_verdicts on leads.lead_id = latest_verdicts.lead_id
    group by leads.model_id, leads.lead_id
    union all
    select
        leads.model_id,
        leads.lead_id,
        'acceptance' as reached_by,
        min(ranked_verdicts.decided_on) as happened_on,
        max(case when ranked_verdicts.recency = 1 then 1 else 0 end) as holds
    from leads
    inner join ranked_verdicts on leads.lead_id = ranked_verdicts.lead_id
    where ranked_verdicts.verdict = 'accepted'
    group by leads.model_id, leads.lead_id
    union all
    select
        leads.model_id,
        leads.lead_id,
        'opportunity' as reached_by,
        min(cast(opportunities.created_at as date)) as happened_on,
        max(case when opportunities.is_won is null then 1 else 0 end) as holds
    from leads
    inner join opportunities
        on leads.as_of_date = opportunities.as_of_date
        and leads.lead_id = opportunities.lead_id
        and {{ is_of_product('leads.product', 'opportunities.product') }}
    group by leads.model_id, leads.lead_id
    union all
    select
        leads.model_id,
        leads.lead_id,
        'won_opportunity' as reached_by,
        min(cast(opportunities.closed_at as date)) as happened_on,
        1 as holds
    from leads
    inner join opportunities
        on leads.as_of_date = opportunities.as_of_date
        and leads.lead_id = opportunities.lead_id
        and {{ is_of_product('leads.product', 'opportunities.product') }}
    where opportunities.is_won and cast(opportunities.closed_at as date) <= opportunities.as_of_date
    group by leads.model_id, leads.lead_id

),

steps as (

    select
        model_id,
        lead_id,
        0 as position,
        cast(null as date) as happened_on,
        cast(null as date) as known_since,
        0 as holds
    from leads
    union all
    select
        model_id,
        lead_id,
        tier_position as position,
        cast(null as date) as happened_on,
        cast(null as date) as known_since,
        1 as holds
    from leads
    union all
    select
        tier_steps.model_id,
        tier_steps.lead_id,
        tier_steps.position,
        tier_steps.happened_on,
        tier_steps.known_since,
        0 as holds
    from tier_steps
    inner join leads
        on tier_steps.model_id = leads.model_id and tier_steps.lead_id = leads.lead_id
    union all
    select
        sales_steps.model_id,
        sales_steps.lead_id,
        stages.position,
        sales_steps.happened_on,
        sales_steps.happened_on as known_since,
        sales_steps.holds
    from sales_steps
    inner join stages on sales_steps.reached_by = stages.reached_by

),

standing as (

    select
        model_id,
        lead_id,
        max(case when holds = 1 then position end) as position
    from steps
    group by model_id, lead_id

),

-- A lead has reached a stage where it was in it or in any later one.
reached as (

    select
        steps.model_id,
        steps.lead_id,
        stages.position,
        min(steps.happened_on) as reached_on,
        min(case when steps.position = stages.position then steps.known_since end) as known_since
    from steps
    inner join stages on steps.position >= stages.position
    group by steps.model_id, steps.lead_id, stages.position

),

-- Only who truly was in a stage has spent days there, not who skipped it.
passages as (

    select
        model_id,
        lead_id,
        position,
        known_since,
        lead(reached_on) over (partition by model_id, lead_id order by position) as next_reached_on
    from reached

),

counted as (

    select
        model_id,
        position,
        count(*) as leads_reached,
        {{ median_of(
            'case when next_reached_on >= known_since then '
            ~ dbt.datediff('known_since', 'next_reached_on', 'day') ~ ' end'
        ) }} as median_days_in_stage
    from passages
    group by model_id, position

),

counted_now as (

    select
        model_id,
        position,
        count(*) as leads_now
    from standing
    group by model_id, position

),

funnel as (

    select
        newest_day.as_of_date,
        scored_models.model_id,
        stages.position,
        stages.stage,
        stages.owner,
        stages.description,
        coalesce(counted_now.leads_now, 0) as leads_now,
        coalesce(counted.leads_reached, 0) as leads_reached,
        lead(coalesce(counted.leads_reached, 0)) over (
            partition by scored_models.model_id order by stages.position
        ) as moved_on,
        counted.median_days_in_stage
    from scored_models
    cross join newest_day
    cross join stages
    left join counted
        on scored_models.model_id = counted.model_id and stages.position = counted.position
    left join counted_now
        on scored_models.model_id = counted_now.model_id
        and stages.position = counted_now.position

)

select
    as_of_date,
    model_id,
    cast(position as {{ dbt.type_bigint() }}) as position,
    stage,
    owner,
    description,
    leads_now,
    leads_reached,
    moved_on,
    {{ share_of('moved_on', 'leads_reached') }} as conversion_rate,
    {{ wilson_low('moved_on', 'leads_reached') }} as conversion_low,
    {{ wilson_high('moved_on', 'leads_reached') }} as conversion_high,
    cast(median_days_in_stage as decimal(9, 1)) as median_days_in_stage
from funnel
where position > 0 or leads_now > 0
