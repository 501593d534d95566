{{ rows_of_sources('crm.opportunities') }}
