"""Runs of the real dbt project on vendors' tables, as LEADS_SOURCES names them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dbt_runs import AS_OF, Outcome, copy_shipped_rules, run_dbt

# What is built: tables alone, no tests; the rule book has been read.
TABLES = ("--exclude", "path:models/rule_book", "--exclude-resource-type", "unit_test", "test")


def read_sources(raw: Path, warehouse: Path, **variables: object) -> Outcome:
    """Make raw tables of the vendors' tables under `raw`, and nothing of them; returns how dbt
    ended. `variables` are dbt's, of which `sources` is LEADS_SOURCES."""
    return run_dbt(
        "build", "--select", "source_words", "path:models/sources", *TABLES,
        raw=raw, warehouse=warehouse, variables=variables,
    )  # fmt: skip


def score_sources(
    raw: Path, folder: Path, *, models: Sequence[str], as_of: str = AS_OF, **variables: object
) -> Path:
    """Score the vendors' tables under `raw` into `<folder>/leads.duckdb` as far as `models` need
    it; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    warehouse = copy_shipped_rules(folder / "leads.duckdb")
    outcome = run_dbt(
        "build", "--select", "source_words", *(f"+{model},resource_type:model" for model in models),
        *TABLES, raw=raw, warehouse=warehouse, as_of=as_of, variables=variables,
    )  # fmt: skip
    assert outcome.success, outcome.errors
    return warehouse
