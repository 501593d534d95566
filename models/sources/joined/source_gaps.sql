{{ stack_source_gaps() }}
