"""What belongs here: text as it stands in SQL."""


def quote(text: object) -> str:
    """`text` as an SQL string.

    >>> quote("it's")
    "'it''s'"
    """
    return "'" + str(text).replace("'", "''") + "'"


def quote_name(name: str) -> str:
    """A name as it stands between double quotes."""
    return name.replace('"', '""')
