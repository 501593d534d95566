{{ config(meta={'dagster': {'ref': {'name': 'scored_leads'}}}) }}
-- A failing row: BI tools would miss a lead of the newest day, see one twice, or one without a
-- score. scored_leads must keep every lead, with or without a tier.
{{ rows_not_shown_whole(
    ref('scored_leads'),
    [
        'model_id', 'lead_id', 'as_of_date', 'model_version', 'score', 'demographic_points',
        'firmographic_points', 'readiness_points', 'behavioral_points', 'data_quality_points',
        'behavioral_points_undecayed', 'is_excluded'
    ],
    ref('lead_totals'),
    'as_of_date = (select max(as_of_date) from ' ~ ref('int_as_of_dates') ~ ')'
) }}
