{{ count_source_tables() }}
