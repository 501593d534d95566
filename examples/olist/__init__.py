"""The marketing funnel of the Brazilian marketplace Olist."""
