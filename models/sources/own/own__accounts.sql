{{ own_rows(source('crm', 'accounts')) }}
