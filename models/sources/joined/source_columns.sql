{{ count_joined_values() }}
