"""What belongs here: raw tables of the contract that an intraday run has made of vendors' tables
(LEADS_SOURCES), and what of them is another than in the night. Load times do not tell: a merge or a
link moves rows that loaded long ago."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TextIO

import duckdb

from orchestration.lib.basics.outcomes import Unusable
from orchestration.lib.basics.quoting import quote, quote_name
from orchestration.lib.basics.settings import Settings
from orchestration.lib.built.load_raw import list_raw_tables
from orchestration.lib.intraday.raw_rows import RawRows, find_own_tables, find_raw_rows
from orchestration.lib.intraday.seen import FIRST_TIME
from orchestration.lib.intraday.small_warehouse import build_small

# The models that have the rows of raw tables, and the words that they read.
SELECTION = ("--select", "path:models/sources", "source_words")

# Rows that are there now and were not in the night, or the other way round.
COMPARE = """
create or replace temp table {changed} as
(select {now} from vendors.sources.{model} except select {before} from sources.{model})
union all
(select {before} from sources.{model} except select {now} from vendors.sources.{model})
"""


def make_vendor_tables(
    connection: duckdb.DuckDBPyConnection, settings: Settings, file: Path, console: TextIO
) -> None:
    """Have the project make raw tables of the vendors' into a new DuckDB `file`, and attach it to a
    `connection` that is in the warehouse, as `vendors`. Vendors' tables that lie in the warehouse
    are copied for it."""
    tables = list_raw_tables(settings)
    own = find_own_tables(connection, tables)
    connection.execute(f"attach {quote(file)} as vendors")
    for table in tables:
        if table.name in own:
            connection.execute(f'create schema if not exists vendors."{table.schema}"')
            connection.execute(f"create table vendors.{table.place} as {own[table.name]}")
    connection.execute("detach vendors")
    build_small(replace(settings, warehouse=file, target="duckdb"), console, *SELECTION)
    connection.execute(f"attach {quote(file)} as vendors (read_only)")


def find_vendor_rows(
    connection: duckdb.DuckDBPyConnection, settings: Settings, root: Path | None
) -> dict[str, RawRows]:
    """The raw tables that are made of vendors', and those that no vendor has and that lie below
    `root` or in the warehouse where LEADS_SOURCES names `own`. Raises Unusable where the night has
    not made them."""
    contract = replace(settings, sources=())
    found = find_raw_rows(connection, contract, root) if "own" in settings.sources else {}
    made = connection.execute(
        "select table_name from duckdb_tables()"
        " where database_name = 'vendors' and schema_name = 'sources'"
    ).fetchall()
    for table in list_raw_tables(contract):
        model = f"raw_{table.name.replace('.', '__')}"
        if (model,) not in made:
            continue
        columns = describe(connection, f"vendors.sources.{model}")
        columns = {name: kind for name, kind in columns.items() if name in table.columns}
        if columns:
            listed = ", ".join(f'"{name}"' for name in columns)
            query = f"(select {listed} from vendors.sources.{model})"
            changed = compare(connection, model, list(columns))
            kinds = dict.fromkeys(columns, "VARCHAR")
            found[table.name] = RawRows(table, query, columns, RawRows(table, changed, kinds))
    return found


def compare(connection: duckdb.DuckDBPyConnection, model: str, columns: list[str]) -> str:
    """Put the rows of a raw table that are others than in the night into a table, all columns as
    texts; returns its name."""
    there = connection.execute(
        "select count(*) from duckdb_tables() where database_name = current_database()"
        " and schema_name = 'sources' and table_name = ?",
        [model],
    ).fetchone()[0]
    if not there:
        raise Unusable(
            "The last daily run has not read what LEADS_SOURCES names now: `leads run` scores"
            " everybody by it."
        )
    before = describe(connection, f"sources.{model}")
    texts = {name: f'cast("{quote_name(name)}" as varchar) as "{name}"' for name in columns}
    missing = {name: f'null::varchar as "{name}"' for name in columns if name not in before}
    connection.execute(
        COMPARE.format(
            changed=f"changed_{model}",
            model=model,
            now=", ".join(texts.values()),
            before=", ".join((texts | missing).values()),
        )
    )
    return f"changed_{model}"


def describe(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    """The columns of a table, in small letters, with their types."""
    described = connection.execute(f"describe {table}").fetchall()
    return {name.lower(): kind for name, kind, *_ in described}


def sum_up_changes(
    connection: duckdb.DuckDBPyConnection, raw: Mapping[str, RawRows]
) -> dict[str, tuple]:
    """By raw table that is made of vendors' a number that stands for what is another than in the
    night, as `remember` notes it; nothing without such tables."""
    found = {}
    for name, rows in raw.items():
        if rows.changed:
            (told,) = connection.execute(
                f"select coalesce(bit_xor(hash(rows)), 0) from {rows.changed.query} as rows"
            ).fetchone()
            found[f"{name}, changed"] = (FIRST_TIME, told)
    return found
