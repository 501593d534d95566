"""The telephone campaigns of a Portuguese bank, from the UCI Machine Learning Repository."""
