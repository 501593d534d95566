{{ read_checked_rows(source('web', 'events')) }}
