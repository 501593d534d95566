{{ own_rows(source('crm', 'leads')) }}
