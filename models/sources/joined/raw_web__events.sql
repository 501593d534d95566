{{ rows_of_sources('web.events') }}
