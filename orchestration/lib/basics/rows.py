"""What belongs here: rows of a database as dictionaries."""

from typing import Any

import duckdb

Row = dict[str, Any]


def fetch_rows(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: Row | None = None
) -> list[Row]:
    """The rows that `sql` gives, as dictionaries."""
    result = connection.execute(sql, parameters or {})
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
