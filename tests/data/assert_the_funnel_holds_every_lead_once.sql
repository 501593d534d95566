{{ config(meta={'dagster': {'ref': {'name': 'lead_funnel'}}}) }}
-- A failing row is a model of which a lead stands in no stage or in two, or of which more leads
-- stand in a stage, or went on from it, than were ever in it: a join in lead_funnel loses or
-- repeats leads.
with

leads as (

    select
        history.model_id,
        count(*) as leads
    from {{ source('tiering', 'lead_score_history') }} as history
    inner join {{ ref('scored_models') }} as scored_models
        on history.model_id = scored_models.model_id
    where
        history.valid_from
        <= (select max(dates.as_of_date) from {{ ref('int_as_of_dates') }} as dates)
        and (
            history.valid_to is null
            or history.valid_to
            > (select max(dates.as_of_date) from {{ ref('int_as_of_dates') }} as dates)
        )
    group by history.model_id

),

standing as (

    select
        model_id,
        sum(leads_now) as leads_now,
        count(
            case
                when
                    greatest(leads_now, coalesce(moved_on, 0) + leads_of_unknown_day)
                    > leads_reached
                    then 1
            end
        ) as too_many
    from {{ ref('lead_funnel') }}
    group by model_id

)

select
    standing.*,
    leads.leads
from standing
left join leads on standing.model_id = leads.model_id
where standing.leads_now <> coalesce(leads.leads, 0) or standing.too_many > 0
