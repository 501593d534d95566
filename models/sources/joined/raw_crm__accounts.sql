{{ rows_of_sources('crm.accounts') }}
