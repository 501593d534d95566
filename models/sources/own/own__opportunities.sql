{{ own_rows(source('crm', 'opportunities')) }}
