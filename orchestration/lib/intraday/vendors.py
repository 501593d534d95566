"""What belongs here: raw tables of the contract that an intraday run has made of vendors' tables
(LEADS_SOURCES), and what of them is another than in the night. Load times do not tell: a merge or a
link moves rows that loaded long ago."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TextIO

import duckdb

from orchestration.lib.basics.outcomes import Unusable
from orchestration.lib.basics.quoting import quote
from orchestration.lib.basics.settings import Settings
from orchestration.lib.basics.warehouse import attach_warehouse
from orchestration.lib.built.load_raw import list_raw_tables
from orchestration.lib.intraday.raw_rows import RawRows, find_own_tables, find_raw_rows
from orchestration.lib.intraday.seen import FIRST_TIME
from orchestration.lib.intraday.small_warehouse import build_small

# The models that have the rows of raw tables, and the words that they read.
SELECTION = ("--select", "path:models/sources", "source_words")

# Rows of a table that are there now and were not in the night, or the other way round.
COMPARE = """
(select {now} from vendors.sources.{table} except select {before} from sources.{table})
union all
(select {before} from sources.{table} except select {now} from vendors.sources.{table})
"""

# In what tables says who is who: the address that counts for somebody.
ADDRESSES = ("email", "address", "lead_address")


def make_vendor_tables(settings: Settings, file: Path, console: TextIO) -> None:
    """Have the project make raw tables of the vendors' into a new DuckDB `file`. Vendors' tables
    that lie in the warehouse are copied for it."""
    tables = list_raw_tables(settings)
    with attach_warehouse(settings.warehouse) as connection:
        connection.execute(f"attach {quote(file)} as vendors")
        connection.execute("use warehouse.main")
        own = find_own_tables(connection, tables)
        for table in tables:
            if table.name in own:
                connection.execute(f'create schema if not exists vendors."{table.schema}"')
                connection.execute(f"create table vendors.{table.place} as {own[table.name]}")
    build_small(replace(settings, warehouse=file, target="duckdb"), console, *SELECTION)


def find_vendor_rows(
    connection: duckdb.DuckDBPyConnection, settings: Settings, root: Path | None
) -> dict[str, RawRows]:
    """The raw tables that are made of vendors', and those that no vendor has and that lie below
    `root` or in the warehouse where LEADS_SOURCES names `own`. `connection` is in the warehouse and
    has what was made attached as `vendors`. What the night has kept as a table is compared; web
    events it has not, which are dated. Raises Unusable where the night has read other vendors."""
    contract = replace(settings, sources=())
    found = find_raw_rows(connection, contract, root) if "own" in settings.sources else {}
    tables = list_tables(connection, "'vendors'")
    made, kept = tables | list_views(connection), list_tables(connection, "current_database()")
    for table in list_raw_tables(contract):
        model = f"raw_{table.name.replace('.', '__')}"
        there = describe(connection, f"vendors.sources.{model}") if model in made else {}
        columns = {name: kind for name, kind in there.items() if name in table.columns}
        if columns:
            listed = ", ".join(f'"{name}"' for name in columns)
            changed = None
            if model in tables:
                demand_kept(model, kept)
                query = compare(connection, model, list(columns))
                connection.execute(f"create or replace temp table changed_{model} as {query}")
                changed = RawRows(table, f"changed_{model}", dict.fromkeys(columns, "VARCHAR"))
            query = f"(select {listed} from vendors.sources.{model})"
            found[table.name] = RawRows(table, query, columns, changed)
    return found


def find_moved(connection: duckdb.DuckDBPyConnection) -> str:
    """Put the addresses of which the vendors' tables say today something else than in the night, so
    that visits may be another one's, into a table; returns its name."""
    connection.execute("create or replace temp table moved_addresses (email varchar)")
    kept = list_tables(connection, "current_database()")
    for table in sorted(list_tables(connection, "'vendors'") & kept):
        columns = describe(connection, f"vendors.sources.{table}")
        for column in columns.keys() & set(ADDRESSES):
            if not table.startswith("raw_"):
                query = compare(connection, table, [name for name in columns if name[0] != "_"])
                connection.execute(
                    f"insert into moved_addresses select distinct lower({column}) from ({query})"
                )
    return "moved_addresses"


def list_tables(connection: duckdb.DuckDBPyConnection, database: str) -> set[str]:
    """The tables, views left out, that models of vendors have made in a `database`, as SQL names
    it."""
    rows = connection.execute(
        f"select table_name from duckdb_tables() where database_name = {database}"
        " and schema_name = 'sources'"
    ).fetchall()
    return {name for (name,) in rows}


def list_views(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """The views that models of vendors have made in the database that is attached as `vendors`."""
    rows = connection.execute(
        "select view_name from duckdb_views() where database_name = 'vendors'"
        " and schema_name = 'sources'"
    ).fetchall()
    return {name for (name,) in rows}


def demand_kept(model: str, kept: set[str]) -> None:
    """Raise Unusable where the night has not made a raw table that is made now."""
    if model not in kept:
        raise Unusable(
            "The last daily run has not read what LEADS_SOURCES names now: `leads run` scores"
            " everybody by it."
        )


def compare(connection: duckdb.DuckDBPyConnection, table: str, columns: list[str]) -> str:
    """The query of the rows of a table that are others than in the night, all columns as texts."""
    before = describe(connection, f"sources.{table}")
    texts = {name: f'cast("{name}" as varchar) as "{name}"' for name in columns}
    missing = {name: f'null::varchar as "{name}"' for name in columns if name not in before}
    return COMPARE.format(
        table=table,
        now=", ".join(texts.values()),
        before=", ".join((texts | missing).values()),
    )


def describe(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    """The columns of a table, in small letters, with their types."""
    described = connection.execute(f"describe {table}").fetchall()
    return {name.lower(): kind for name, kind, *_ in described}


def sum_up_changes(
    connection: duckdb.DuckDBPyConnection, raw: Mapping[str, RawRows], moved: str
) -> dict[str, tuple]:
    """By table a number that stands for what is another than in the night, as `remember` notes
    it."""
    tables = {name: rows.changed.query for name, rows in raw.items() if rows.changed}
    found = {}
    for name, query in (tables | {"addresses": moved}).items():
        (told,) = connection.execute(
            f"select coalesce(bit_xor(hash(rows)), 0) from {query} as rows"
        ).fetchone()
        found[f"{name}, changed"] = (FIRST_TIME, told)
    return found
