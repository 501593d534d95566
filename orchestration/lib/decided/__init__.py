"""What is decided: tiers, hand-overs, their history, and what a person has accepted."""
