"""The daily run: dbt, tiers, audit, publication. `lib` computes, `defs` defines."""

import os

# Warehouse, outbox and logs hold personal data: what a process of the project makes is for its
# owner alone. The publication is for others, and says so where it is made.
os.umask(0o077)
