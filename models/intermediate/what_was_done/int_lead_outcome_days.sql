with

model_outcomes as (

    select * from {{ ref('model_outcomes') }}

),

newest_day as (

    select
        max(as_of_date) as as_of_date,
        max(known_until) as known_until
    from {{ ref('int_as_of_dates') }}

),

people as (

    select people.*
    from {{ ref('int_people') }} as people
    inner join newest_day on people.as_of_date = newest_day.as_of_date

),

-- What a duplicate did is the person's.
deals as (

    select
        lead_deals.*,
        people.person_lead_no
    from {{ ref('int_lead_deals') }} as lead_deals
    inner join people
        on
        lead_deals.as_of_date = people.as_of_date
        and lead_deals.lead_no = people.lead_no

),

opportunity_stages as (

    select
        stages.opportunity_id,
        lower(trim(stages.stage)) as stage,
        cast(stages.entered_at as date) as entered_on
    from {{ ref('stg_crm__opportunity_stages') }} as stages
    inner join newest_day
        on
        cast(stages.entered_at as date) <= newest_day.as_of_date
        and {{ is_known_by('stages', 'newest_day') }}

),

verdicts as (

    select verdicts.*
    from {{ ref('int_lead_verdicts') }} as verdicts
    inner join newest_day on verdicts.as_of_date = newest_day.as_of_date

),

hand_overs as (

    select * from {{ source('tiering', 'hand_overs') }}

),

outcome_days as (

    select
        model_outcomes.model_no,
        deals.person_lead_no as lead_no,
        case model_outcomes.outcome
            when 'opportunity' then cast(deals.created_at as date) else deals.deal_state_on
        end as happened_on
    from deals
    inner join model_outcomes
        on {{ is_of_product('model_outcomes.product', 'deals.product') }}
    where
        model_outcomes.outcome = 'opportunity'
        or (model_outcomes.outcome = 'won_opportunity' and deals.deal_state = 'won')
    union
    select
        model_outcomes.model_no,
        deals.person_lead_no as lead_no,
        opportunity_stages.entered_on as happened_on
    from deals
    inner join opportunity_stages
        on deals.opportunity_id = opportunity_stages.opportunity_id
    inner join model_outcomes
        on
        model_outcomes.outcome = 'stage'
        and opportunity_stages.stage = model_outcomes.stage
        and {{ is_of_product('model_outcomes.product', 'deals.product') }}
    union
    select
        model_outcomes.model_no,
        people.person_lead_no as lead_no,
        verdicts.decided_on as happened_on
    from verdicts
    inner join people on verdicts.lead_id = people.lead_id
    inner join hand_overs
        on verdicts.lead_id = hand_overs.lead_id and verdicts.decided_on >= hand_overs.due_on
    inner join model_outcomes
        on
        hand_overs.model_id = model_outcomes.model_id
        and model_outcomes.outcome = 'accepted_hand_over'
    where verdicts.verdict = 'accepted'

)

select
    model_no,
    lead_no,
    happened_on,
    true as is_outcome
from outcome_days
union
-- Who said no is no longer at risk, where the model says so.
select
    model_outcomes.model_no,
    deals.person_lead_no as lead_no,
    deals.deal_state_on as happened_on,
    false as is_outcome
from deals
inner join model_outcomes
    on
    model_outcomes.ends_with_loss
    and {{ is_of_product('model_outcomes.product', 'deals.product') }}
where deals.deal_state = 'lost'
