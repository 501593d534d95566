"""What belongs here: what lets Great Expectations read the warehouse through DuckDB."""

from pathlib import Path
from typing import Any

from duckdb_engine import ConnectionWrapper, Dialect

from orchestration.lib.basics.warehouse import attach_server, is_on_server


class ReadingDialect(Dialect):
    """DuckDB for SQLAlchemy without transactions, which an audit does not need.

    Great Expectations commits and rolls back where DuckDB has nothing open; the engine then fails
    (great_expectations issues 10738 and 11579).
    """

    supports_statement_cache = True

    def connect(self, *places: Any, **given: Any) -> ConnectionWrapper:
        """The warehouse, also where it is on a server."""
        file = Path(given["database"])
        if not is_on_server(file):
            return super().connect(*places, **given)
        connection = super().connect(*places, database=":memory:", config=given["config"])
        attach_server(connection, is_read_only=True)
        return connection

    def do_begin(self, dbapi_connection: object) -> None:
        """Nothing to do."""

    def do_commit(self, dbapi_connection: object) -> None:
        """Nothing to do."""

    def do_rollback(self, dbapi_connection: object) -> None:
        """Nothing to do."""
