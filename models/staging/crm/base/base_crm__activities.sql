{{ read_checked_rows(source('crm', 'activities')) }}
