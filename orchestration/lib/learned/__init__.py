"""What the past teaches: how well scores foretold, what tiers promise, how likely outcomes are, and
which rules it would have written."""
