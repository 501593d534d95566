"""Definitions only: what runs, after what, how it is shown. `lib` does the work."""
