{{ own_rows(source('email', 'campaigns')) }}
