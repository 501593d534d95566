{{ config(meta={'dagster': {'ref': {'name': 'lead_score_ledger'}}}) }}
-- A failing row: the view loses or repeats rows of ledger_rows, or leaves their text or points
-- empty. The keys themselves are tested on ledger_rows.
with

shown as (

    select
        count(*) as rows_shown,
        count(
            case
                when
                    as_of_date is not null and model_id is not null and lead_id is not null
                    and rule_id is not null and dimension is not null and reason is not null
                    and evidence is not null and raw_points is not null and points is not null
                    then 1
            end
        ) as rows_complete
    from {{ ref('lead_score_ledger') }}

),

ledger as (

    select count(*) as rows_there
    from {{ ref('ledger_rows') }}

)

select
    shown.rows_shown,
    shown.rows_complete,
    ledger.rows_there
from shown
cross join ledger
where shown.rows_shown <> ledger.rows_there or shown.rows_complete <> ledger.rows_there
