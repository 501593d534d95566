{{ config(meta={'dagster': {'ref': {'name': 'lead_scores'}}}) }}
-- A failing row: the view loses or repeats rows of lead_totals, or leaves their text or points
-- empty. The keys themselves are tested on lead_totals.
{{ rows_not_shown_whole(
    ref('lead_scores'),
    [
        'as_of_date', 'model_id', 'lead_id', 'model_version', 'score', 'demographic_points',
        'firmographic_points', 'readiness_points', 'behavioral_points', 'data_quality_points',
        'behavioral_points_undecayed', 'is_excluded'
    ],
    ref('lead_totals')
) }}
