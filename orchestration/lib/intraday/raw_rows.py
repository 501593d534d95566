"""What belongs here: the raw tables as they lie, for who looks for a few rows of them."""

from dataclasses import dataclass

import duckdb

from orchestration.lib.basics.quoting import quote, quote_name
from orchestration.lib.basics.settings import Settings
from orchestration.lib.built.load_raw import RawTable, list_raw_tables, read_part
from orchestration.lib.built.raw_files import describe_table

# How whole numbers that stand for times are told apart: by their size, as the contract has it.
MILLISECONDS = 100_000_000_000


@dataclass(frozen=True)
class RawRows:
    """A raw table as it lies: a query that gives its rows, and its columns in small letters."""

    table: RawTable
    query: str
    columns: frozenset[str]

    def text(self, column: str) -> str:
        """A column as the contract reads a text: without blanks around it, null where nothing is
        left. Null where the table has no such column."""
        if column not in self.columns:
            return "null::varchar"
        return f"nullif(trim(cast(\"{quote_name(column)}\" as varchar)), '')"

    def time(self, column: str) -> str:
        """A column as a time, UTC; null where it is none."""
        text = self.text(column)
        number = f"try_cast({text} as double)"
        return (
            f"coalesce(try_cast({text} as timestamp), case when {number} is not null then"
            f" make_timestamp(cast({number} * case when {number} >= {MILLISECONDS} then 1000"
            " else 1000000 end as bigint)) end)"
        )


def find_raw_rows(connection: duckdb.DuckDBPyConnection, settings: Settings) -> dict[str, RawRows]:
    """The raw tables that are there, by name. Raises ValueError where a file cannot be read."""
    tables = list_raw_tables(settings.project)
    names = [table.name for table in tables]
    root = settings.raw or settings.project / "samples/raw"
    workplace = settings.warehouse.with_name(f"{settings.warehouse.name}.mended")
    found = {}
    for table in tables:
        groups = describe_table(root, table.name, tables=names, workplace=workplace)["groups"]
        readers = []
        for group in groups:
            if group["format"] == "parquet":
                files = ", ".join(quote(root / file) for file in group["files"])
                readers.append(
                    f"read_parquet([{files}], union_by_name = true, hive_partitioning = false)"
                )
            else:
                readers += [read_part(group, file, root)[1] for file in group["files"]]
        if readers:
            query = " union all by name ".join(f"select * from {reader}" for reader in readers)
            described = connection.execute(f"describe {query}").fetchall()
            found[table.name] = RawRows(
                table, f"({query})", frozenset(name.lower() for name, *_ in described)
            )
    return found
