{{ rows_of_sources('crm.opportunity_stages') }}
