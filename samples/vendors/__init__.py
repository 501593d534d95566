"""The made-up raw data as vendors' systems would hold it, with their mess."""
