{{ rows_of_sources('email.events') }}
