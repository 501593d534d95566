"""What belongs here: the raw tables as they lie, for who looks for a few rows of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lib.basics.quoting import quote, quote_name
from orchestration.lib.basics.settings import Settings
from orchestration.lib.built.load_raw import (
    RawTable,
    list_loaded,
    list_raw_tables,
    read_part,
)
from orchestration.lib.built.raw_files import describe_table

# Numbers that stand for times: up to which size they count seconds, milliseconds, microseconds and
# nanoseconds, and how many microseconds each is.
UNITS = (("1e11", "1e6"), ("1e14", "1e3"), ("1e17", "1"), ("1e20", "1e-3"))


# As macros/engines/texts.sql has them.
INVISIBLE = "\\x{00AD}\\x{200B}-\\x{200F}\\x{2060}\\x{FEFF}"
BLANK = "\\x00-\\x20\\x{00A0}\\x{2000}-\\x{200A}\\x{202F}\\x{205F}\\x{3000}"


@dataclass(frozen=True)
class RawRows:
    """A raw table as it lies: a query that gives its rows, and its columns, in small letters, with
    their types as DuckDB names them. Where load times do not tell what is new `changed` has it."""

    table: RawTable
    query: str
    columns: Mapping[str, str]
    changed: "RawRows | None" = None

    def text(self, column: str) -> str:
        """A column as the contract reads what names somebody (macros/raw_values.sql): without what
        nobody sees, null where nothing is left. Null where the table has no such column."""
        if column not in self.columns:
            return "null::varchar"
        text = f'"{quote_name(column)}"'
        if self.columns[column] != "VARCHAR":
            text = f"cast({text} as varchar)"
        ends = "".join(f" or {text} like '%' || chr({code})" for code in (9, 10, 13))
        return (
            f"nullif(case when {text} < '!' or {text} like '% ' or strlen({text}) <> length({text})"
            f"{ends} then regexp_replace({text},"
            f" '^[{BLANK}{INVISIBLE}]+|[{BLANK}{INVISIBLE}]+$|[{INVISIBLE}]+', '', 'g')"
            f" else {text} end, '')"
        )

    def time(self, column: str) -> str:
        """A column as a time, UTC; null where it is none. One that is a time is left as it is, so
        that files and blocks of rows outside are passed over."""
        kind = self.columns.get(column)
        if kind == "TIMESTAMP":
            return f'"{quote_name(column)}"'
        if kind == "TIMESTAMP WITH TIME ZONE":
            return f"""timezone('UTC', "{quote_name(column)}")"""
        text = self.text(column)
        number = f"try_cast({text} as double)"
        microseconds = " ".join(
            f"when abs({number}) < {limit} then {number} * {factor}" for limit, factor in UNITS
        )
        return (
            f"coalesce(try_cast({text} as timestamp),"
            f" make_timestamp(try_cast(case {microseconds} end as bigint)))"
        )


def find_raw_rows(
    connection: duckdb.DuckDBPyConnection, settings: Settings, root: Path | None
) -> dict[str, RawRows]:
    """The raw tables that are there, by name: files below `root`, and of what there are none the
    tables of the warehouse that `connection` is in. Raises ValueError where a file cannot be
    read."""
    tables = list_raw_tables(settings)
    names = [table.name for table in tables]
    workplace = settings.warehouse.with_name(f"{settings.warehouse.name}.mended")
    lie_there = find_own_tables(connection, tables)
    found = {}
    for table in tables:
        query = lie_there.get(table.name)
        if root:
            groups = describe_table(root, table.name, tables=names, workplace=workplace)["groups"]
            query = stack_files(groups, root) or query
        if query:
            described = connection.execute(f"describe {query}").fetchall()
            found[table.name] = RawRows(
                table, f"({query})", {name.lower(): kind for name, kind, *_ in described}
            )
    return found


def find_own_tables(
    connection: duckdb.DuckDBPyConnection, tables: Iterable[RawTable]
) -> dict[str, str]:
    """The raw tables that somebody fills in the warehouse that `connection` is in, by name, with
    the query that reads each."""
    there = {
        (schema.lower(), name.lower()): f'"{quote_name(schema)}"."{quote_name(name)}"'
        for schema, name in connection.execute(
            "select schema_name, table_name from duckdb_tables()"
            " where database_name = current_database()"
            " union all select schema_name, view_name from duckdb_views()"
            " where database_name = current_database()"
        ).fetchall()
    }
    loaded = list_loaded(connection)
    found = {}
    for table in tables:
        place = there.get((table.schema.lower(), table.table))
        if place and table.name not in loaded:
            described = connection.execute(f"describe {place}").fetchall()
            # Others are not read, and each costs its way over the wire.
            columns = [name for name, *_ in described if name.lower() in table.columns]
            listed = ", ".join(f'"{quote_name(name)}"' for name in columns) or "*"
            found[table.name] = f"select {listed} from {place}"
    return found


def stack_files(groups: Iterable[Mapping[str, Any]], root: Path) -> str | None:
    """The query that reads the files of a raw table, as describe_table gives them; None where
    there are none."""
    readers = []
    for group in groups:
        if group["format"] == "parquet":
            files = ", ".join(quote(root / file) for file in group["files"])
            readers.append(
                f"read_parquet([{files}], union_by_name = true, hive_partitioning = false)"
            )
        else:
            readers += [read_part(group, file, root)[1] for file in group["files"]]
    return " union all by name ".join(f"select * from {reader}" for reader in readers) or None
