{{ rows_of_sources('crm.activities') }}
