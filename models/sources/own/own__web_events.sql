{{ own_rows(source('web', 'events')) }}
