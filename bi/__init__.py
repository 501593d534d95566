"""What BI tools import to look at a publication."""
