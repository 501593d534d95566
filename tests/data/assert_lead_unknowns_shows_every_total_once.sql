{{ config(meta={'dagster': {'ref': {'name': 'lead_unknowns'}}}) }}
-- A failing row: the view loses or repeats rows of lead_totals, or leaves their range empty. The
-- keys themselves are tested on lead_totals.
{{ rows_not_shown_whole(
    ref('lead_unknowns'),
    [
        'as_of_date', 'model_id', 'lead_id', 'lowest_score', 'highest_score'
    ],
    ref('lead_totals')
) }}
