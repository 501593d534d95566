"""How the tests of sources score a folder of vendors' tables."""

from pathlib import Path

from dbt_runs import copy_shipped_rules, run_dbt


def score_sources(raw, folder, *, models, as_of="2026-06-30", **variables) -> Path:
    """Score the vendors' tables under `raw` into `<folder>/leads.duckdb`; returns its path.
    `variables` are dbt's, of which `sources` is LEADS_SOURCES."""
    folder.mkdir(parents=True, exist_ok=True)
    warehouse = copy_shipped_rules(folder / "leads.duckdb")
    outcome = run_dbt(
        "build", "--select", "source_words", *(f"+{model},resource_type:model" for model in models),
        "--exclude", "path:models/rule_book", "--exclude-resource-type", "unit_test", "test",
        raw=raw, warehouse=warehouse, as_of=as_of, variables=variables,
    )  # fmt: skip
    assert outcome.success, outcome.errors
    return warehouse
