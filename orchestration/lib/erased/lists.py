"""What belongs here: lists of texts and numbers, as SQL takes them and as it gives them."""

from collections.abc import Iterable

import duckdb

from orchestration.lib.basics.quoting import quote


def read_column(connection: duckdb.DuckDBPyConnection, query: str) -> list:
    """The values of a query of one column, each once and in order."""
    return sorted({value for (value,) in connection.execute(query).fetchall() if value is not None})


def list_texts(texts: Iterable[str]) -> str:
    """Texts as SQL lists them between brackets; where there are none, one that nobody has."""
    return ", ".join(quote(text) for text in texts) or "null"


def list_numbers(numbers: Iterable[int]) -> str:
    """The same of numbers."""
    return ", ".join(str(number) for number in numbers) or "null"
