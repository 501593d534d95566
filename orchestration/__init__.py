"""The daily run: dbt, tiers, audit, publication. `lib` computes, `defs` defines."""
