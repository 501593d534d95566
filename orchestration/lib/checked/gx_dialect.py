"""What belongs here: the one cure that lets Great Expectations read DuckDB."""

from duckdb_engine import Dialect


class ReadingDialect(Dialect):
    """DuckDB for SQLAlchemy without transactions, which an audit does not need.

    Great Expectations commits and rolls back where DuckDB has nothing open; the engine then fails
    (great_expectations issues 10738 and 11579).
    """

    supports_statement_cache = True

    def do_begin(self, dbapi_connection: object) -> None:
        """Nothing to do."""

    def do_commit(self, dbapi_connection: object) -> None:
        """Nothing to do."""

    def do_rollback(self, dbapi_connection: object) -> None:
        """Nothing to do."""
