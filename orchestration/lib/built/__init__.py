"""What is built: raw files as the engine can read them, dbt inside this process, and its words."""
