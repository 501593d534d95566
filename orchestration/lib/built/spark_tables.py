"""What belongs here: the two halves of a warehouse on Spark. What dbt builds are Spark's tables,
Parquet files beside the warehouse; what Python writes (tiers, history, hand-overs, measures) stands
in the DuckDB file of LEADS_WAREHOUSE. Before dbt works the second half is handed to Spark as
Parquet; after it that file shows what was built: tables where they lie, marts that are views as
rows."""

import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lib.basics.quoting import quote
from orchestration.lib.built.land_raw import describe_place, write_parquet

# Spark's views that Python reads; those of other schemas are read by tables alone.
SHOWN_VIEWS = ("main", "scoring")

BUILT_KINDS = ("model", "seed", "snapshot")


def find_folder(warehouse: Path) -> Path:
    """Where everything of Spark's lies, as profiles.yml has it.

    >>> find_folder(Path("warehouse/leads.duckdb")).as_posix()
    'warehouse/leads.duckdb.spark'
    """
    return warehouse.with_name(f"{warehouse.name}.spark")


@contextmanager
def open_file(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The DuckDB file, made where there is none yet."""
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield connection


def list_built(project: Any) -> set[tuple[str, str]]:
    """Schema and name of all that dbt builds of the `project`."""
    return {
        (node.schema, node.alias)
        for node in project.nodes.values()
        if node.resource_type in BUILT_KINDS
    }


def write_own_tables(warehouse: Path, project: Any) -> list[dict[str, str]]:
    """Write what Python has written into Parquet files; returns the tables as the macro
    register_tables takes them."""
    if not warehouse.exists():
        return []
    built = list_built(project)
    written = []
    with open_file(warehouse) as connection:
        for (name,) in connection.execute(
            "select table_name from duckdb_tables() where schema_name = 'main' order by all"
        ).fetchall():
            if ("main", name) not in built:
                place = find_folder(warehouse) / "own" / name
                write_parquet(connection, f"select * from main.{name}", place / "all.parquet")
                written.append(describe_place("main", name, place))
    return written


def show_tables(warehouse: Path, project: Any, *, names: Collection[str]) -> None:
    """Have the DuckDB file show the tables and views `names` that dbt has built on Spark, and hold
    the tables that Python writes, empty where they are new."""
    # Only where Spark is the target.
    from pyspark.sql import SparkSession

    session = SparkSession.builder.getOrCreate()
    built = list_built(project)
    places = {place for place in built if place[1] in names}
    with open_file(warehouse) as connection:
        for schema in sorted({schema for schema, _ in built}):
            if not session.catalog.databaseExists(schema):
                continue
            connection.execute(f"create schema if not exists {schema}")
            views = {row.viewName for row in session.sql(f"show views in {schema}").collect()}
            # What a model that grows is merged by is listed everywhere, as it has no schema.
            found = {
                row.tableName
                for row in session.sql(f"show tables in {schema}").collect()
                if not row.isTemporary
            }
            # Views last, which show tables.
            for name in sorted(found, key=lambda name: (name in views, name)):
                if (schema, name) in places:
                    show_table(
                        connection, session, warehouse, (schema, name), is_view=name in views
                    )
                elif (schema, name) not in built and schema == "main":
                    add_own_table(connection, session, name, is_view=name in views)


def show_table(
    connection: duckdb.DuckDBPyConnection,
    session: Any,
    warehouse: Path,
    place: tuple[str, str],
    *,
    is_view: bool,
) -> None:
    """Have the DuckDB file show one table or view of Spark."""
    schema, name = place
    if is_view and schema not in SHOWN_VIEWS:
        return
    folder = find_folder(warehouse).resolve() / "tables" / f"{schema}.db" / name
    if is_view:
        folder = folder.parents[2] / "shown" / schema / name
        shutil.rmtree(folder, ignore_errors=True)
        session.table(f"{schema}.{name}").coalesce(1).write.parquet(str(folder))
    if any(folder.rglob("*.parquet")):
        files = quote(folder / "**/*.parquet")
        rows = f"select * from read_parquet({files}, hive_partitioning = true)"
    else:
        columns = write_columns(session, f"{schema}.{name}", "cast(null as {1}) as {0}")
        rows = f"select {columns} where false"
    drop(connection, place)
    # A mart is read without its files: a publication outlives them.
    kind = "table" if is_view and schema == "main" else "view"
    connection.execute(f"create {kind} {schema}.{name} as {rows}")


def add_own_table(
    connection: duckdb.DuckDBPyConnection, session: Any, name: str, *, is_view: bool
) -> None:
    """Make a table that Python writes as Spark has it, empty, where it is not there; of a view,
    which shows such tables, the query."""
    if is_view:
        described = session.sql(f"describe extended main.{name}").collect()
        query = next(row.data_type for row in described if row.col_name == "View Text")
        connection.execute(f"create or replace view main.{name} as {query}")
    else:
        columns = write_columns(session, f"main.{name}", "{0} {1}")
        connection.execute(f"create table if not exists main.{name} ({columns})")


def write_columns(session: Any, table: str, template: str) -> str:
    """The columns of a table of Spark with the types that DuckDB has for them."""
    return ", ".join(
        template.format(f'"{field.name}"', write_type(field.dataType.simpleString()))
        for field in session.table(table).schema.fields
    )


def write_type(name: str) -> str:
    """What DuckDB calls a type of Spark.

    >>> write_type("string"), write_type("array<decimal(12,4)>"), write_type("decimal(12,4)")
    ('varchar', 'decimal(12,4)[]', 'decimal(12,4)')
    """
    if name.startswith("array<"):
        return f"{write_type(name[6:-1])}[]"
    return "varchar" if name == "string" else name


def drop_built(file: Path, project: Any) -> None:
    """Drop from a copy of the DuckDB file what shows that dbt has built on Spark: it is built anew
    there, and no seed takes the place of a view."""
    with open_file(file) as connection:
        for place in sorted(list_built(project)):
            drop(connection, place)


def drop(connection: duckdb.DuckDBPyConnection, place: tuple[str, str]) -> None:
    """Drop the table or view of a name, if there is one."""
    for kind in ("table", "view"):
        found = connection.execute(
            f"select count(*) from duckdb_{kind}s() where schema_name = ? and {kind}_name = ?",
            list(place),
        ).fetchone()
        if found[0]:
            connection.execute(f"drop {kind} {place[0]}.{place[1]}")
