"""What belongs here: raw files written as Parquet files that Spark reads as tables, each once.
DuckDB reads them, so that each column has the type, and each text the spelling, that it has there.
A file that has changed takes the place of what was written of it before; one that is gone takes its
rows with it. What there was stands in the tables of the schema `raw_files`, as on Postgres."""

import hashlib
import json
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lib.basics.quoting import quote
from orchestration.lib.basics.settings import Settings
from orchestration.lib.built.load_raw import (
    Loaded,
    RawTable,
    find_types,
    list_raw_tables,
    read_part,
    select_columns,
)
from orchestration.lib.built.raw_files import (
    describe_files,
    describe_table,
    find_raw_files,
    stamp,
    write_reader,
)

# A part of the name of each written file: another number has all of them written anew.
LAYOUT = "1"

NO_LINES = (
    "select cast(null as varchar) as table_name, cast(null as varchar) as file_name,"
    " cast(null as bigint) as line_number, cast(null as varchar) as reason,"
    " cast(null as varchar) as line where false"
)


def land_raw(settings: Settings, *, folder: Path) -> tuple[list[Loaded], list[dict[str, str]]]:
    """Bring the Parquet files in `folder` to what the files under LEADS_RAW (else the sample) hold.

    Returns what was done for each raw table, and the tables that there are now: schema, name and
    the path of their files. Raises ValueError where a file cannot be read.
    """
    root = settings.raw_root
    tables = list_raw_tables(settings)
    names = [table.name for table in tables]
    workplace = settings.warehouse.with_name(f"{settings.warehouse.name}.mended")
    found = describe_files(root, tables=names, workplace=workplace)
    stamps = {file.name: stamp(file.path) for file in find_raw_files(root, names)}
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        loaded = []
        there = []
        for table in tables:
            groups = describe_table(root, table.name, tables=names, workplace=workplace)["groups"]
            parts = [read_part(group, file, root) for group in groups for file in group["files"]]
            place = folder / table.schema / table.table
            loaded.append(land_table(connection, table, parts, place=place, stamps=stamps))
            if parts:
                there.append(describe_place(table.schema, table.table, place))
        for name, rows in [
            ("files", write_rows(found, ["file_name", "table_name", "warning"])),
            ("lines", stack_lines(found)),
            # As the macro is_sample asks for it.
            ("roots", f"select {quote(str(settings.raw or 'samples/raw'))} as root"),
        ]:
            place = folder / "raw_files" / name
            write_parquet(connection, rows, place / "all.parquet")
            there.append(describe_place("raw_files", name, place))
    return loaded, there


def describe_place(schema: str, name: str, place: Path) -> dict[str, str]:
    """A table as the macro register_tables takes it."""
    return {"schema": schema, "name": name, "path": str(place)}


def land_table(
    connection: duckdb.DuckDBPyConnection,
    table: RawTable,
    parts: list[tuple[str, str]],
    *,
    place: Path,
    stamps: dict[str, tuple[int, int]],
) -> Loaded:
    """Write what is new of one raw table; `parts` has the name of each of its files and what reads
    it."""
    types = {
        name: "TIMESTAMP" if kind == "TIMESTAMP WITH TIME ZONE" else kind
        for name, kind in find_types(connection, table, [reader for _, reader in parts]).items()
    }
    known = {path.name for path in place.glob("*.parquet")} if place.is_dir() else set()
    wanted = {}
    for name, reader in parts:
        told = json.dumps([LAYOUT, name, stamps[name], types])
        wanted[f"{hashlib.sha256(told.encode()).hexdigest()[:16]}.parquet"] = (name, reader)
    rows = 0
    new = wanted.keys() - known
    for file in sorted(new):
        name, reader = wanted[file]
        selected = select_columns(connection, types, name, reader)
        columns = ", ".join(f'"{column}"' for column in [*types, "_file_name"])
        rows += write_parquet(
            connection, f"select * from ({selected}) as found ({columns})", place / file
        )
    for file in known - wanted.keys():
        (place / file).unlink()
    return Loaded(table.name, len(new), len(known - wanted.keys()), rows)


def write_parquet(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> int:
    """Write the rows of a query into a file, which is there whole or not at all; how many."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.tmp")
    copied = connection.execute(f"copy ({query}) to {quote(unfinished)} (format parquet)")
    (rows,) = copied.fetchone()
    unfinished.replace(path)
    return rows


def write_rows(rows: list[dict[str, Any]], columns: list[str]) -> str:
    """A query of these columns of rows of texts."""
    heads = ", ".join(f"cast(null as varchar) as {column}" for column in columns)
    selects = [
        "select " + ", ".join("null" if row[c] is None else quote(row[c]) for c in columns)
        for row in rows
    ]
    return " union all ".join([f"select {heads} where false", *selects])


def stack_lines(found: list[dict[str, Any]]) -> str:
    """A query of the lines of CSV files that cannot be read."""
    selects = [NO_LINES]
    for file in found:
        if file["lines_file"]:
            reader = write_reader(Path(file["lines_file"]), ",", ["line_number", "reason", "line"])
            selects.append(
                f"select {quote(file['table_name'])}, {quote(file['file_name'])},"
                f" cast(line_number as bigint), reason, line from {reader}"
            )
    return " union all ".join(selects)
