{{ own_rows(source('crm', 'activities')) }}
