"""What is checked before anything goes live: the run's own tables, audits, health by comparison."""
