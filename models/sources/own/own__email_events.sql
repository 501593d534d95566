{{ own_rows(source('email', 'events')) }}
