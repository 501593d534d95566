"""Runs of the real dbt project on vendors' tables, as LEADS_SOURCES names them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
from dbt_runs import AS_OF, SCORES, Outcome, copy_shipped_rules, run_dbt

from samples.generate import generate_sample

# How many people the sample has that is written as each vendor holds it, and how many events each
# of them. An account of a usual size takes some minutes for all vendors:
# SAMPLE_PEOPLE=10000 .venv/bin/python -m pytest tests/python/sources -k meaning
PEOPLE = int(os.environ.get("SAMPLE_PEOPLE", "200"))
EVENTS_EACH = 20

# What is built: tables alone, no tests; the rule book has been read.
TABLES = ("--exclude", "path:models/rule_book", "--exclude-resource-type", "unit_test", "test")


def generate_people(raw: Path, *, days: int = 90) -> None:
    """Write the sample that is then written as vendors hold it."""
    generate_sample(raw, leads=PEOPLE, events=PEOPLE * EVENTS_EACH, days=days)


@contextmanager
def attach_both(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to `<folder>/contract/leads.duckdb` and `<folder>/vendor/leads.duckdb`, as
    `contract` and `vendor`."""
    with duckdb.connect() as connection:
        for shape in ("contract", "vendor"):
            connection.execute(f"attach '{folder}/{shape}/leads.duckdb' as {shape} (read_only)")
        yield connection


def assert_same_scores(
    connection: duckdb.DuckDBPyConnection, ids: Mapping[str, str] | None = None
) -> None:
    """Assert that both databases of a connection have the same scores for the same reasons, row
    for row. `ids`: the columns of `contract` that `vendor` has otherwise, with their SQL."""
    for table in SCORES:
        columns = connection.execute(f"describe contract.{table}").fetchall()
        told = ", ".join(f"{(ids or {}).get(name, name)} as {name}" for name, *_ in columns)
        sides = [f"select {told} from contract.{table}", f"select * from vendor.{table}"]
        for one, other in (sides, sides[::-1]):
            found = connection.execute(f"({one}) except all ({other}) limit 3").fetchall()
            assert found == [], table
        (rows,) = connection.execute(f"select count(*) from contract.{table}").fetchone()
        assert rows > 1.5 * PEOPLE


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
