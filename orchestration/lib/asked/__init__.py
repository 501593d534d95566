"""What people ask beside the daily run: one lead's story, whom a change moves, past days again,
what sources give."""
