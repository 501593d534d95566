{{ read_checked_rows(source('crm', 'opportunity_stages')) }}
