{{ own_rows(source('crm', 'opportunity_stages')) }}
