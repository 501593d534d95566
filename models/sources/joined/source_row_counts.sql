{{ stack_row_counts() }}
