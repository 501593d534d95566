"""What belongs here: keeping Dagster's records of a run without waiting for the disk, and without
beginning anew at every record."""

import sqlite3
from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import QueuePool

# One engine per database, as long as the process lives.
ENGINES: dict[str, Engine] = {}


class KeptPool(QueuePool):
    """Connections that stay open when their engine is disposed of."""

    def dispose(self) -> None:
        """Nothing is closed."""

    def recreate(self) -> "KeptPool":
        """The same again."""
        return self


def write_records_lazily(*storages: Any) -> None:
    """Have Dagster's modules `storages` keep each SQLite database open, and write to it without
    waiting for the disk at every event.

    Dagster makes an engine for each of some 4,000 statements in a run: each opens the database,
    asks it what it is, works out how the statement is written in SQL, and waits for the disk as it
    closes. Kept, that is a third of the processor time of a small run less. A database cannot break
    by that; where the power fails, the last events may be missing.
    """
    for storage in storages:
        storage.create_engine = find_engine


def find_engine(address: str, **options: Any) -> Engine:
    """The engine of the database at `address`, made once; `options` are those of SQLAlchemy, but
    that its connections are kept."""
    if address not in ENGINES:
        engine = create_engine(address, **(options | {"poolclass": KeptPool}))
        event.listen(engine, "connect", relax)
        ENGINES[address] = engine
    return ENGINES[address]


def relax(connection: sqlite3.Connection, _record: object) -> None:
    """Relax one new connection."""
    connection.execute("pragma synchronous = normal")
