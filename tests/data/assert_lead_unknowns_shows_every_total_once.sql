{{ config(meta={'dagster': {'ref': {'name': 'lead_unknowns'}}}) }}
-- A failing row: the view loses or repeats rows of lead_totals, or leaves their range empty. The
-- keys themselves are tested on lead_totals.
with

shown as (

    select
        count(*) as rows_shown,
        count(
            case
                when
                    as_of_date is not null and model_id is not null and lead_id is not null
                    and lowest_score is not null and highest_score is not null
                    then 1
            end
        ) as rows_complete
    from {{ ref('lead_unknowns') }}

),

totals as (

    select count(*) as rows_there
    from {{ ref('lead_totals') }}

)

select
    shown.rows_shown,
    shown.rows_complete,
    totals.rows_there
from shown
cross join totals
where shown.rows_shown <> totals.rows_there or shown.rows_complete <> totals.rows_there
