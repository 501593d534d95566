"""What belongs here: raw files written into the raw tables of a database that reads no files
itself, each once. A file that has changed takes the place of what was loaded of it before; one that
is gone takes its rows with it. What there was stands in the schema `raw_files`, which macros read.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lib.basics.postgres import attach_postgres, list_relations, locate_postgres
from orchestration.lib.basics.quoting import quote, quote_name
from orchestration.lib.basics.settings import Settings, read_variables, read_yaml
from orchestration.lib.basics.warehouse import (
    has_own_raw_tables,
    is_on_server,
    list_own_tables,
)
from orchestration.lib.built.raw_files import (
    describe_files,
    describe_table,
    find_raw_files,
    stamp,
    write_reader,
)

# What the database keeps as it is; all else becomes the text that DuckDB writes it as.
KEPT_TYPES = (
    "BOOLEAN", "SMALLINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL", "DATE", "TIMESTAMP",
    "TIMESTAMP WITH TIME ZONE", "VARCHAR",
)  # fmt: skip
# What it keeps under the name of a larger one.
WIDENED_TYPES = {
    "TINYINT": "SMALLINT",
    "UTINYINT": "SMALLINT",
    "USMALLINT": "INTEGER",
    "UINTEGER": "BIGINT",
    "UBIGINT": "DECIMAL(20, 0)",
    "HUGEINT": "DECIMAL(38, 0)",
    "TIMESTAMP_S": "TIMESTAMP",
    "TIMESTAMP_MS": "TIMESTAMP",
    "TIMESTAMP_NS": "TIMESTAMP",
}

# Where the raw tables of the contract are; all others are vendors'.
CONTRACT_SOURCES = ("crm", "web", "email")

CREATE_TABLES = """
create schema if not exists raw_files;
create table if not exists raw_files.files (
    file_name text not null, table_name text, bytes bigint not null, changed bigint not null,
    warning text
);
create table if not exists raw_files.lines (
    table_name text, file_name text, line_number bigint, reason text, line text
);
create table if not exists raw_files.tables (table_name text not null, columns text not null);
create table if not exists raw_files.roots (root text not null)
"""


@dataclass(frozen=True)
class RawTable:
    """A raw table of the contract, or of a vendor: its name (`web.events`), where it lies in the
    database, and the columns that it may have; of a vendor's table any."""

    name: str
    schema: str
    table: str
    columns: tuple[str, ...]

    @property
    def place(self) -> str:
        """Its name in the database."""
        return f'"{self.schema}"."{self.table}"'


@dataclass(frozen=True)
class Loaded:
    """What was done for one raw table: files read, files that went, rows written."""

    table: str
    files: int
    gone: int
    rows: int


def list_raw_tables(settings: Settings) -> list[RawTable]:
    """The raw tables that are read: of the input contract, as models/staging has it, or those of
    LEADS_SOURCES, as models/sources has them."""
    variables = read_variables(settings.project)
    folders = [settings.project / "models/sources" / vendor for vendor in settings.sources]
    if not settings.sources or "own" in settings.sources:
        folders += sorted((settings.project / "models/staging").iterdir())
    tables = []
    for path in [path for folder in folders for path in folder.glob("_*__sources.yml")]:
        for source in read_yaml(path)["sources"]:
            schema = variables.get(f"{source['name']}_schema", source["name"])
            is_vendors = source["name"] in settings.sources
            for table in source["tables"]:
                columns = [] if is_vendors else [column["name"] for column in table["columns"]]
                name = f"{source['name']}.{table['name']}"
                tables.append(RawTable(name, schema, table["name"], tuple(columns)))
    return tables


def is_to_load(settings: Settings) -> bool:
    """Whether the run reads files, on an engine that reads none: those of LEADS_RAW, or the sample
    where nobody fills raw tables in the database."""
    return is_on_server(settings.warehouse) and find_root(settings) is not None


def find_root(settings: Settings) -> Path | None:
    """The folder of raw files, None where the raw tables are in the warehouse: as the macro
    raw_root has it."""
    if settings.sources:
        return settings.raw
    crm_schema = read_variables(settings.project)["crm_schema"]
    if settings.raw or not has_own_raw_tables(settings.warehouse, crm_schema):
        return settings.raw_root
    return None


def list_loaded(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """The raw tables of the warehouse that `connection` is in which were loaded from files: what
    they hold lies in the files."""
    if ("raw_files", "tables") not in list_own_tables(connection):
        return set()
    rows = connection.execute("select table_name from raw_files.tables").fetchall()
    return {name for (name,) in rows}


def load_raw(settings: Settings) -> list[Loaded]:
    """Bring the raw tables of the database to what the files under LEADS_RAW (else the sample)
    hold, in one transaction: where it fails, all is as it was before.

    Raises ValueError where a file cannot be read, or where a table is there that was not loaded
    from files; Unusable where the database cannot be reached.
    """
    root = settings.raw_root
    tables = list_raw_tables(settings)
    names = [table.name for table in tables]
    workplace = settings.warehouse.with_name(f"{settings.warehouse.name}.mended")
    found = describe_files(root, tables=names, workplace=workplace)
    stamps = {file.name: stamp(file.path) for file in find_raw_files(root, names)}
    with attach_postgres(locate_postgres()) as connection:
        run_there(connection, CREATE_TABLES)
        connection.execute("begin")
        loaded = [
            load_table(
                connection,
                table,
                describe_table(root, table.name, tables=names, workplace=workplace)["groups"],
                root=root,
                stamps=stamps,
            )
            for table in tables
        ]
        write_files(connection, found, stamps)
        # As the macro is_sample asks for it.
        name = quote(settings.raw or "samples/raw")
        run_there(
            connection,
            f"delete from raw_files.roots; insert into raw_files.roots values ({name})",
        )
        connection.execute("commit")
        for table, done in zip(tables, loaded, strict=True):
            if done.files:
                run_there(connection, f"analyze {table.place}")
    return loaded


def unload_vendors(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Empty the vendors' tables that were loaded from files into the database that `connection` is
    in, if any; the next run loads them anew. Who a row of theirs is about no name of a column
    says."""
    variables = read_variables(settings.project)
    for name in sorted(list_loaded(connection)):
        source, table = name.split(".")
        if source not in CONTRACT_SOURCES:
            schema = variables.get(f"{source}_schema", source)
            connection.execute(f'delete from "{schema}"."{table}"')
            connection.execute(f"delete from raw_files.files where table_name = {quote(name)}")


def load_table(
    connection: duckdb.DuckDBPyConnection,
    table: RawTable,
    groups: list[dict[str, Any]],
    *,
    root: Path,
    stamps: dict[str, tuple[int, int]],
) -> Loaded:
    """Write what is new of one raw table; `groups` has its files, as describe_table gives them."""
    parts = [read_part(group, file, root) for group in groups for file in group["files"]]
    present = {name: stamps[name] for name, _ in parts}
    known = {
        name: (size, changed)
        for name, size, changed in connection.execute(
            "select file_name, bytes, changed from warehouse.raw_files.files where table_name = ?",
            [table.name],
        ).fetchall()
    }
    types = find_types(connection, table, [reader for _, reader in parts])
    columns = json.dumps(types)
    before = connection.execute(
        "select columns from warehouse.raw_files.tables where table_name = ?", [table.name]
    ).fetchone()
    if before is None and parts:
        demand_absence(connection, table)
    changed = {name for name in known if present.get(name) != known[name]}
    if before and before[0] != columns:
        # A column more, or of another type: the table is made anew, with all files.
        run_there(connection, f"drop table if exists {table.place} cascade")
        changed, known = set(known), {}
    elif changed:
        gone = ", ".join(quote(name) for name in sorted(changed))
        run_there(connection, f"delete from {table.place} where _file_name in ({gone})")
    if not parts:
        run_there(
            connection, f"delete from raw_files.tables where table_name = {quote(table.name)}"
        )
        return Loaded(table.name, 0, len(changed), 0)
    if before is None or before[0] != columns:
        create_table(connection, table, types)
    rows = 0
    new = [(name, reader) for name, reader in parts if known.get(name) != present[name]]
    for name, reader in new:
        rows += connection.execute(
            f"insert into warehouse.{table.place} {select_columns(connection, types, name, reader)}"
        ).fetchone()[0]
    return Loaded(table.name, len(new), len(set(known) - set(present)), rows)


def read_part(group: dict[str, Any], file: str, root: Path) -> tuple[str, str]:
    """The name of a file of a group and DuckDB's call that reads it."""
    if group["format"] == "parquet":
        return file, f"read_parquet({quote(root / file)}, hive_partitioning = false)"
    path = Path(file) if "name" in group else root / file
    return group.get("name", file), write_reader(path, group["delimiter"], group["columns"])


def find_types(
    connection: duckdb.DuckDBPyConnection, table: RawTable, readers: Iterable[str]
) -> dict[str, str]:
    """The columns of the contract that a file has, each with the type that holds those of all; of a
    vendor's table all that have a name which the database takes."""
    selects = [f"(select * from {reader} limit 0)" for reader in readers]
    if not selects:
        return {}
    described = connection.execute(f"describe {' union all by name '.join(selects)}").fetchall()
    types = {name.lower(): keep_type(data_type) for name, data_type, *_ in described}
    columns = table.columns or [name for name in types if len(name.encode()) < 64]
    return {name: types[name] for name in columns if name in types}


def keep_type(data_type: str) -> str:
    """The type that a column of DuckDB's gets in the database.

    >>> keep_type("UINTEGER"), keep_type("DECIMAL(18,2)"), keep_type("STRUCT(a INTEGER)")
    ('BIGINT', 'DECIMAL(18,2)', 'VARCHAR')
    """
    kept = WIDENED_TYPES.get(data_type, data_type)
    return kept if kept.split("(")[0] in KEPT_TYPES and "[" not in kept else "VARCHAR"


def demand_absence(connection: duckdb.DuckDBPyConnection, table: RawTable) -> None:
    """ValueError where the table is there and no file was ever loaded into it."""
    there = {(schema, name) for schema, name, _ in list_relations(connection)}
    if (table.schema, table.table) in there:
        raise ValueError(
            f"The table {table.schema}.{table.table} is in the database already, and was not "
            "loaded from files: take its files away to have it read where it lies, or drop it."
        )


def create_table(
    connection: duckdb.DuckDBPyConnection, table: RawTable, types: dict[str, str]
) -> None:
    """Make the raw table, empty, and note of which columns it is made."""
    names = {"DOUBLE": "double precision", "FLOAT": "real"}
    written = {**types, "_file_name": "text"}
    columns = ", ".join(f'"{name}" {names.get(kind, kind)}' for name, kind in written.items())
    run_there(
        connection,
        f'create schema if not exists "{table.schema}"; create table {table.place} ({columns}); '
        f"delete from raw_files.tables where table_name = {quote(table.name)}; "
        f"insert into raw_files.tables values ({quote(table.name)}, {quote(json.dumps(types))})",
    )


def select_columns(
    connection: duckdb.DuckDBPyConnection, types: dict[str, str], name: str, reader: str
) -> str:
    """The query that gives the rows of one file as the table has them."""
    there = {
        row[0].lower(): row[0]
        for row in connection.execute(f"describe select * from {reader}").fetchall()
    }
    columns = [
        f'cast("{quote_name(there[column])}" as {kind})'
        if column in there
        else f"cast(null as {kind})"
        for column, kind in types.items()
    ]
    return f"select {', '.join([*columns, quote(name)])} from {reader}"


def write_files(
    connection: duckdb.DuckDBPyConnection,
    found: list[dict[str, Any]],
    stamps: dict[str, tuple[int, int]],
) -> None:
    """Note which files there are, and which of their lines cannot be read."""
    run_there(connection, "delete from raw_files.files; delete from raw_files.lines")
    if found:
        connection.executemany(
            "insert into warehouse.raw_files.files values (?, ?, ?, ?, ?)",
            [
                [file["file_name"], file["table_name"], *stamps[file["file_name"]], file["warning"]]
                for file in found
            ],
        )
    for file in found:
        if file["lines_file"]:
            reader = write_reader(Path(file["lines_file"]), ",", ["line_number", "reason", "line"])
            connection.execute(
                "insert into warehouse.raw_files.lines"
                f" select ?, ?, cast(line_number as bigint), reason, line from {reader}",
                [file["table_name"], file["file_name"]],
            )


def run_there(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Have the database itself run statements; DuckDB looks anew at which tables there are."""
    connection.execute(f"call postgres_execute('warehouse', {quote(sql)})")
    connection.execute("call pg_clear_cache()")
