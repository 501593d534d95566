"""What reads the files that a CRM's own export button writes."""
