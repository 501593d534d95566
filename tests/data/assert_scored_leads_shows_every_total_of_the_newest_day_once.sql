{{ config(meta={'dagster': {'ref': {'name': 'scored_leads'}}}) }}
-- A failing row: BI tools would miss a lead of the newest day, see one twice, or one without a
-- score. scored_leads must keep every lead, with or without a tier.
with

shown as (

    select
        count(*) as rows_shown,
        count(
            case
                when
                    model_id is not null and lead_id is not null and as_of_date is not null
                    and model_version is not null and score is not null
                    and demographic_points is not null and firmographic_points is not null
                    and readiness_points is not null and behavioral_points is not null
                    and data_quality_points is not null
                    and behavioral_points_undecayed is not null and is_excluded is not null
                    then 1
            end
        ) as rows_complete
    from {{ ref('scored_leads') }}

),

totals as (

    select count(*) as rows_there
    from {{ ref('lead_totals') }}
    where as_of_date = (select max(as_of_date) from {{ ref('int_as_of_dates') }})

)

select
    shown.rows_shown,
    shown.rows_complete,
    totals.rows_there
from shown
cross join totals
where shown.rows_shown <> totals.rows_there or shown.rows_complete <> totals.rows_there
