{{ config(meta={'dagster': {'ref': {'name': 'lead_score_ledger'}}}) }}
-- A failing row: the view loses or repeats rows of ledger_rows, or leaves their text or points
-- empty. The keys themselves are tested on ledger_rows.
{{ rows_not_shown_whole(
    ref('lead_score_ledger'),
    [
        'as_of_date', 'model_id', 'lead_id', 'rule_id', 'dimension', 'reason', 'evidence',
        'raw_points', 'points'
    ],
    ref('ledger_rows')
) }}
