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

stages as (

    select * from {{ ref('funnel_stages') }}

),

verdicts as (

    select * from {{ ref('int_lead_verdicts') }}

),

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

newest_day as (

    select max(as_of_date) as as_of_date from {{ ref('int_as_of_dates') }}

),

first_days as (

    select
        model_id,
        min(as_of_date) as first_day
    from scored_days
    group by model_id

),

-- A lead enters a tier with the row that begins on its tier_since. Since when it was in the tier
-- it had on the first scored day, nobody knows.
tier_steps as (

    select
        history.model_id,
        history.lead_id,
        stages.position,
        case when history.valid_from = history.tier_since then history.valid_from end
            as happened_on,
        history.valid_from > first_days.first_day as is_known_since,
        coalesce(history.valid_to > newest_day.as_of_date, true) as holds
    from history
    inner join newest_day on history.valid_from <= newest_day.as_of_date
    inner join scored_models on history.model_id = scored_models.model_id
    left join first_days on history.model_id = first_days.model_id
    left join model_tiers
        on history.model_id = model_tiers.model_id and history.tier = model_tiers.tier
    left join stages on model_tiers.stage = stages.stage

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

-- What takes a lead on beyond its tier, and whether that still holds.
sales_steps as (

    select
        hand_overs.model_id,
        hand_overs.lead_id,
        'hand_over' as reached_by,
        hand_overs.due_on as happened_on,
        not coalesce(hand_overs.recycled_on <= newest_day.as_of_date, false)
        and not coalesce(
            latest.verdict = 'rejected' and latest.decided_on >= hand_overs.due_on, false
        ) as holds
    from hand_overs
    inner join newest_day on hand_overs.due_on <= newest_day.as_of_date
    left join ranked_verdicts as latest
        on hand_overs.lead_id = latest.lead_id and latest.recency = 1
    -- No stage led drawn leads there: they would water down what those of tiers come to.
    where hand_overs.draw_probability is null
    union all
    select
        scored_models.model_id,
        ranked_verdicts.lead_id,
        'acceptance' as reached_by,
        ranked_verdicts.decided_on as happened_on,
        ranked_verdicts.recency = 1 as holds
    from ranked_verdicts
    cross join scored_models
    where ranked_verdicts.verdict = 'accepted'
    union all
    select
        scored_models.model_id,
        opportunities.lead_id,
        whats.reached_by,
        cast(
            case whats.reached_by
                when 'opportunity' then opportunities.created_at else opportunities.closed_at
            end as date
        ) as happened_on,
        whats.reached_by = 'won_opportunity' or opportunities.is_won is null as holds
    from opportunities
    inner join newest_day on opportunities.as_of_date = newest_day.as_of_date
    inner join scored_models
        on {{ is_of_product('scored_models.product', 'opportunities.product') }}
    inner join stages as whats
        on
        whats.reached_by = 'opportunity'
        or (
            whats.reached_by = 'won_opportunity'
            and opportunities.is_won
            and cast(opportunities.closed_at as date) <= opportunities.as_of_date
        )

),

steps as (

    select
        model_id,
        lead_id,
        coalesce(position, 0) as position,
        case when position is not null then happened_on end as happened_on,
        case when position is not null and is_known_since then happened_on end as known_since,
        holds,
        holds as is_scored
    from tier_steps
    where holds or (position is not null and happened_on is not null)
    union all
    select
        sales_steps.model_id,
        sales_steps.lead_id,
        stages.position,
        sales_steps.happened_on,
        sales_steps.happened_on as known_since,
        sales_steps.holds,
        false as is_scored
    from sales_steps
    inner join stages on sales_steps.reached_by = stages.reached_by

)

-- Leads that are no longer scored have no step of today.
select
    model_id,
    lead_id,
    position,
    min(happened_on) as happened_on,
    min(known_since) as known_since,
    max(happened_on) as last_happened_on,
    max(case when holds then 1 else 0 end) = 1 as holds,
    max(max(case when is_scored then 1 else 0 end)) over (partition by model_id, lead_id) = 1
        as is_scored
from steps
group by model_id, lead_id, position
