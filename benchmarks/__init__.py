"""Measurements of the project: what a build costs, and of what."""
