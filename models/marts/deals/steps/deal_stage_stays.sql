with

opportunities as (

    select * from {{ ref('int_opportunities') }}

),

opportunity_stages as (

    select * from {{ ref('stg_crm__opportunity_stages') }}

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

deal_stages as (

    select * from {{ ref('deal_stages') }}

),

deals as (

    select
        *,
        {{ decided_on('opportunities') }} as decided_on
    from opportunities

),

entries as (

    select
        as_of_dates.as_of_date,
        opportunity_stages.opportunity_id,
        lower(trim(opportunity_stages.stage)) as stage,
        opportunity_stages.entered_at
    from opportunity_stages
    inner join as_of_dates
        on
        cast(opportunity_stages.entered_at as date) <= as_of_dates.as_of_date
        and {{ is_known_by('opportunity_stages', 'as_of_dates') }}
    union all
    -- A deal stands in its stage also where nobody wrote down since when.
    select
        as_of_date,
        opportunity_id,
        lower(trim(stage)) as stage,
        null as entered_at
    from deals
    where decided_on is null and trim(stage) <> ''

),

stays as (

    select
        as_of_date,
        opportunity_id,
        stage,
        min(entered_at) as entered_at
    from entries
    group by as_of_date, opportunity_id, stage

),

followed as (

    select
        stays.as_of_date,
        stays.opportunity_id,
        stays.stage,
        cast(stays.entered_at as date) as entered_on,
        stays.entered_at,
        deals.decided_on,
        deals.is_won,
        cast(
            lead(stays.entered_at) over (
                partition by stays.as_of_date, stays.opportunity_id
                order by stays.entered_at nulls last
            ) as date
        ) as next_entered_on
    from stays
    inner join deals
        on
        stays.as_of_date = deals.as_of_date
        and stays.opportunity_id = deals.opportunity_id

),

-- Whoever is certain to win or lose stands at the end and in no stage.
under_way as (

    select followed.*
    from followed
    left join deal_stages on followed.stage = deal_stages.stage
    where coalesce(deal_stages.confidence_pct not in (0, 100), true)

)

select
    as_of_date,
    opportunity_id,
    stage,
    entered_on,
    coalesce(next_entered_on, decided_on) as left_on,
    case
        when decided_on is null then 'open'
        when is_won then 'won'
        else 'lost'
    end as deal_state,
    decided_on,
    row_number() over (
        partition by as_of_date, opportunity_id order by entered_at desc nulls first, stage asc
    ) = 1 as is_last
from under_way
