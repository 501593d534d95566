"""What belongs here: opening DuckDB files so that they are always closed again, and so that
another process that holds one for a moment is waited for."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import duckdb

WAIT_SECONDS = 20.0

Opened = TypeVar("Opened")


@contextmanager
def open_warehouse(
    path: Path, *, is_read_only: bool = False, wait_seconds: float = WAIT_SECONDS
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the DuckDB file at `path`, closed when the block ends, also by an error.

    Raises ValueError where the file is missing, or another process holds it longer than
    `wait_seconds`.
    """
    demand_file(path)
    connection = wait_for_lock(
        lambda: duckdb.connect(str(path), read_only=is_read_only), path, wait_seconds=wait_seconds
    )
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def attach_warehouse(
    path: Path, *, wait_seconds: float = WAIT_SECONDS
) -> Iterator[duckdb.DuckDBPyConnection]:
    """An in-memory connection with the DuckDB file at `path` attached read-only as `warehouse`.

    Raises as `open_warehouse` does.
    """
    demand_file(path)
    with duckdb.connect() as connection:
        wait_for_lock(
            lambda: connection.execute(f"attach {quote(path)} as warehouse (read_only)"),
            path,
            wait_seconds=wait_seconds,
        )
        yield connection


def wait_for_lock(open_file: Callable[[], Opened], path: Path, *, wait_seconds: float) -> Opened:
    """What `open_file` returns, tried again while another process holds the lock on the file."""
    until = time.monotonic() + wait_seconds
    while True:
        try:
            return open_file()
        except duckdb.IOException as error:
            if "lock" not in str(error).lower():
                raise ValueError(
                    f"{path} cannot be opened as a DuckDB file: {error}. If it is damaged, move it "
                    "away and run again: the warehouse is built anew from the raw tables."
                ) from error
            if time.monotonic() > until:
                raise ValueError(
                    f"{path} is held by another process and was not let go of within "
                    f"{wait_seconds:.0f} seconds: close it there (readers belong on the published "
                    "copy), then run again."
                ) from error
            time.sleep(0.2)


def demand_file(path: Path) -> None:
    """ValueError where there is no file at `path`: DuckDB would make an empty one."""
    if not path.is_file():
        raise ValueError(f"There is no warehouse at {path} yet: `make run` builds it.")


def has_table(path: Path, schema: str, table: str) -> bool:
    """True where the DuckDB file at `path` exists and holds the table or view `schema`.`table`."""
    if not path.is_file():
        return False
    with attach_warehouse(path) as connection:
        found = connection.execute(
            "select count(*) from information_schema.tables where table_catalog = 'warehouse'"
            " and lower(table_schema) = lower(?) and lower(table_name) = lower(?)",
            [schema, table],
        ).fetchone()
    return found[0] > 0


def quote(text: object) -> str:
    """`text` as an SQL string.

    >>> quote("it's")
    "'it''s'"
    """
    return "'" + str(text).replace("'", "''") + "'"
