{{ rows_of_sources('email.campaigns') }}
