"""What belongs here: opening the warehouse, whatever engine it is on: a DuckDB file, which is
always closed again, and waited for where another process holds it, or a Postgres database. What
cannot be opened is said in a sentence.

A warehouse goes by a path, that of its DuckDB file. Where LEADS_TARGET names a server the path of
LEADS_WAREHOUSE stands for the database there: nothing lies at it, but beside it lies what this
machine keeps of it, as locks, refusals and the outbox. Copies to try things out in are files.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lib.basics.duckdb_file import (
    WAIT_SECONDS,
    check_place,
    rewrite_file,
    wait_for_file,
)
from orchestration.lib.basics.locks import find_lock, hold_lock
from orchestration.lib.basics.outcomes import Unusable
from orchestration.lib.basics.postgres import (
    Statements,
    attach_into,
    count_writes,
    hold_database,
    is_session_lost,
    list_relations,
    locate_postgres,
    open_session,
    speak_to,
)
from orchestration.lib.basics.quoting import quote
from orchestration.lib.basics.variables import PROJECT_ROOT, read_given

# How long a writer waits for another one.
WAIT_SECONDS_FOR_RUN = 1800.0

# What the database takes where LEADS_MEMORY_LIMIT does not say it, as macros/memory.sql holds dbt.
DEFAULT_MEMORY = "6GB"
DEFAULT_MEMORY_GIB = 5.6

# The largest number that the macro key_of makes.
LARGEST_KEY = 2**63 - 1


def locate_warehouse(
    environ: Mapping[str, str] = os.environ, *, project: Path = PROJECT_ROOT
) -> Path:
    """Where the warehouse is, for those who need no other setting: to find the day that is to be
    scored may take opening it."""
    given = read_given(environ).get("LEADS_WAREHOUSE", "warehouse/leads.duckdb")
    return Path(os.path.abspath(project / given))


def is_on_server(path: Path) -> bool:
    """Whether the warehouse that goes by `path` is a database on a server and no file."""
    return read_given().get("LEADS_TARGET") == "postgres" and path == locate_warehouse()


def has_warehouse(path: Path) -> bool:
    """Whether there is a warehouse already: a database on a server always is."""
    return is_on_server(path) or path.is_file()


@contextmanager
def open_statements() -> Iterator[Statements]:
    """The database on the server, spoken to as a file of SQLite is: for what lies beside a
    warehouse that is a file and has to be one for all machines. Raises Unusable where it cannot be
    reached, or is lost on the way."""
    with speak_to(locate_postgres()) as statements:
        yield statements


@contextmanager
def hold_warehouse(path: Path, *, wait_seconds: float | None = None) -> Iterator[None]:
    """Keep other runs out of the warehouse while the block runs.

    Raises ValueError where another one holds it longer than `wait_seconds`; without it than a
    writer waits.
    """
    if wait_seconds is None:
        wait_seconds = WAIT_SECONDS_FOR_RUN
    with hold_lock(find_lock(path), wait_seconds=wait_seconds):
        if not is_on_server(path):
            yield
            return
        with hold_database(locate_postgres(), wait_seconds=wait_seconds):
            yield


def check_warehouse(path: Path) -> None:
    """Stop before anything runs where the warehouse at `path` could not be written: ValueError
    where it is damaged, read-only, held by another process, or has a name that it cannot have.
    A warehouse that is not there yet is fine. So it is with a server that cannot be reached."""
    if is_on_server(path):
        with open_session(locate_postgres()):
            return
    check_place(path)
    if path.exists():
        with open_warehouse(path, wait_seconds=WAIT_SECONDS):
            pass


@contextmanager
def open_warehouse(
    path: Path, *, is_read_only: bool = False, wait_seconds: float | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the DuckDB file at `path`, closed when the block ends, also by an error, and
    held to LEADS_MEMORY_LIMIT.

    Raises ValueError where the file is missing or cannot be opened, or another process holds it
    longer than `wait_seconds`; without it than a start, or a run on its way, waits.
    """
    on_server = is_on_server(path)
    if on_server:
        connection = duckdb.connect()
    else:
        demand_warehouse(path)
        connection = wait_for_file(
            lambda: duckdb.connect(str(path), read_only=is_read_only),
            path,
            wait_seconds=wait_seconds,
        )
    try:
        if on_server:
            attach_server(connection, is_read_only=is_read_only)
        limit_memory(connection)
        yield connection
    except duckdb.Error as error:
        if on_server and is_session_lost(error):
            raise Unusable(
                f"The connection to {locate_postgres().words} was lost on the way. What was being "
                "written is as it was before; run again."
            ) from error
        raise
    finally:
        if on_server:
            # DuckDB ends the process where it has to do that by itself and the session is lost.
            with suppress(duckdb.Error):
                connection.execute("rollback")
        connection.close()


def attach_server(connection: Any, *, is_read_only: bool = False) -> None:
    """Have an in-memory DuckDB read the database on the server in place of its own, as `warehouse`.
    Raises Unusable where it cannot be reached."""
    attach_into(connection, locate_postgres(), is_read_only=is_read_only)
    connection.execute("use warehouse.main")


@contextmanager
def attach_warehouse(
    path: Path, *, wait_seconds: float | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """An in-memory connection with the warehouse attached read-only as `warehouse`, held to
    LEADS_MEMORY_LIMIT: beyond it it spills to disk beside the file.

    Raises as `open_warehouse` does.
    """
    with duckdb.connect() as connection:
        attach_beside(connection, path, wait_seconds=wait_seconds)
        limit_memory(connection)
        # Not the folder of whoever writes: two would take each other's files for their own.
        spilled = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        connection.execute(f"set temp_directory = {quote(spilled)}")
        yield connection


def attach_beside(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    *,
    wait_seconds: float | None = None,
) -> None:
    """Attach the warehouse read-only as `warehouse` to a connection that is in another database.
    Raises as `open_warehouse` does."""
    if is_on_server(path):
        attach_into(connection, locate_postgres(), is_read_only=True)
        return
    demand_warehouse(path)
    wait_for_file(
        lambda: connection.execute(f"attach {quote(path)} as warehouse (read_only)"),
        path,
        wait_seconds=wait_seconds,
    )


def open_cursor(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """A second way into the warehouse of `open_warehouse`, to read while the first one writes."""
    (place,) = connection.execute("select current_database()").fetchone()
    cursor = connection.cursor()
    cursor.execute(f'use "{place}".main')
    return cursor


def find_view(connection: duckdb.DuckDBPyConnection, name: str) -> str | None:
    """The query of a view of the attached `warehouse`; None where there is none of that name."""
    found = connection.execute(
        "select sql from duckdb_views()"
        " where database_name = 'warehouse' and schema_name = 'main' and view_name = ?",
        [name],
    ).fetchone()
    return found[0].partition(" AS ")[2] if found else None


def list_own_tables(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Schema and name of every table, views left out, of the database that `connection` is in."""
    if is_attached_server(connection):
        return [
            (schema, name)
            for schema, name, is_view in list_relations(connection)
            if not is_view and not schema.startswith(("pg_", "information_schema"))
        ]
    return connection.execute(
        "select schema_name, table_name from duckdb_tables()"
        " where database_name = current_database()"
    ).fetchall()


def is_attached_server(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the database that `connection` is in lies on a server."""
    return connection.execute(
        "select type <> 'duckdb' from duckdb_databases() where database_name = current_database()"
    ).fetchone()[0]


def take_stamp(path: Path, tables: Sequence[tuple[str, str]]) -> tuple:
    """What is another after rows of tables of the warehouse, by schema and name, were written, and
    perhaps after others were: of a file its size and time. Nothing is opened or read for it."""
    if is_on_server(path):
        return tuple(count_writes(locate_postgres(), tables))
    files = [file for file in (path, Path(f"{path}.wal")) if file.exists()]
    return tuple((file.stat().st_size, file.stat().st_mtime_ns) for file in files)


def make_keys(connection: duckdb.DuckDBPyConnection, texts: Sequence[str]) -> list[int]:
    """The numbers that stand for texts in tables, as the macro key_of makes them there."""
    listed = ", ".join(f"({quote(text)})" for text in texts)
    if not texts:
        return []
    if is_attached_server(connection):
        query = f"select hashtextextended(t, 0) & {LARGEST_KEY} from (values {listed}) as texts (t)"
        rows = connection.execute(f"from postgres_query('warehouse', {quote(query)})").fetchall()
    else:
        rows = connection.execute(
            f"select cast(hash(t) >> 1 as bigint) from (values {listed}) as texts (t)"
        ).fetchall()
    return [key for (key,) in rows]


def compact_warehouse(path: Path) -> None:
    """Write the warehouse anew, so that nothing is left on the disk of rows that were deleted.
    Nobody else is in it meanwhile."""
    if is_on_server(path):
        with open_session(locate_postgres()) as session, session.cursor() as cursor:
            cursor.execute("vacuum full")
        return
    rewrite_file(path)


def limit_memory(connection: duckdb.DuckDBPyConnection) -> None:
    """Hold DuckDB to LEADS_MEMORY_LIMIT, or to 6 GB where it would take more. What is no amount is
    left to dbt, which says so."""
    limit = find_memory_limit(
        read_given().get("LEADS_MEMORY_LIMIT", ""),
        connection.execute("select current_setting('memory_limit')").fetchone()[0],
    )
    if limit:
        connection.execute(f"set memory_limit = {quote(limit)}")


def find_memory_limit(given: str, own: str) -> str | None:
    """The memory that DuckDB is to take: what was `given`, else no more than 6 GB of its `own`
    choice, as it says it; None where it need not be told.

    >>> find_memory_limit("2GB", "18.7 GiB"), find_memory_limit("", "18.7 GiB")
    ('2GB', '6GB')
    >>> find_memory_limit("", "3.1 GiB"), find_memory_limit("much", "3.1 GiB")
    (None, None)
    """
    if re.fullmatch("[0-9]+([.][0-9]+)? ?[KMGT]i?B", given):
        return given
    amount, unit = own.split(" ")
    is_more = unit == "TiB" or (unit == "GiB" and float(amount) > DEFAULT_MEMORY_GIB)
    return DEFAULT_MEMORY if is_more else None


def demand_warehouse(path: Path) -> None:
    """ValueError where there is nothing at `path`: DuckDB would make an empty file."""
    if not is_on_server(path) and not path.exists():
        raise ValueError(f"There is no warehouse at {path} yet: `leads run` builds it.")


def list_server_tables(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, bool]]:
    """Schema, name and whether it is a view of every table of the attached `warehouse`, where it
    is on a server."""
    return list_relations(connection)


def has_table(path: Path, schema: str, table: str) -> bool:
    """True where the warehouse is there and holds the table or view `schema`.`table`."""
    if not has_warehouse(path):
        return False
    with attach_warehouse(path) as connection:
        found = connection.execute(
            "select count(*) from information_schema.tables where table_catalog = 'warehouse'"
            " and lower(table_schema) = lower(?) and lower(table_name) = lower(?)",
            [schema, table],
        ).fetchone()
    return found[0] > 0


def has_own_raw_tables(path: Path, schema: str) -> bool:
    """Whether somebody else fills raw tables in the warehouse, whose leads lie in `schema`: not
    where the project loaded the sample into them, on an engine that reads no files."""
    if not has_table(path, schema, "leads"):
        return False
    if not has_table(path, "raw_files", "roots"):
        return True
    with attach_warehouse(path) as connection:
        roots = connection.execute("select root from warehouse.raw_files.roots").fetchall()
    return ("samples/raw",) not in roots
