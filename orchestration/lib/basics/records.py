"""What belongs here: keeping Dagster's records of a run without waiting for the disk."""

import sqlite3
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

# One connection per database file, open as long as the process lives.
KEPT: dict[str, sqlite3.Connection] = {}


def write_records_lazily() -> None:
    """Have this process write to SQLite without waiting for the disk at every event.

    Dagster keeps its records in SQLite and opens a database for each event anew: 2,500 waits for
    the disk in a run of 500 events, half of them because the last one to close a database has to
    tidy it up. With one connection kept open and `synchronous = normal` it is a hundred. A database
    cannot break by that; where the power fails, the last events may be missing.
    """
    event.listen(Engine, "connect", relax)


def relax(connection: Any, _record: object) -> None:
    """Relax one new connection of SQLAlchemy's, and keep its database open."""
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.execute("pragma synchronous = normal")
    path = connection.execute("pragma database_list").fetchone()[2]
    if not path or path in KEPT:
        return
    if connection.execute("pragma journal_mode").fetchone()[0] == "wal":
        KEPT[path] = sqlite3.connect(path, check_same_thread=False)
        # It only counts as open once it has read.
        KEPT[path].execute("select count(*) from sqlite_master").fetchone()
