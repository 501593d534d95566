{{ read_checked_rows(source('crm', 'lead_feedback')) }}
