"""Plain Python that works and is tested without Dagster."""
