{{ read_checked_rows(source('email', 'campaigns')) }}
