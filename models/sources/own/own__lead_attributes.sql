{{ own_rows(source('crm', 'lead_attributes')) }}
