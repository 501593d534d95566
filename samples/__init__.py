"""Made-up raw data for every table of the input contract."""
