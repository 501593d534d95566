"""What belongs here: reaching the Postgres database of the target `postgres`: where it is, and a
DuckDB that has it attached, so that the SQL of the project's Python stays one dialect."""

import importlib.resources
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import duckdb

from orchestration.lib.basics.outcomes import Unusable
from orchestration.lib.basics.variables import read_given

EXTENSION = "postgres_scanner"


@dataclass(frozen=True)
class Place:
    """Where the database is, as profiles.yml has it; the password is not printed."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str
    schema: str

    @property
    def words(self) -> str:
        """How a sentence names it.

        >>> locate_postgres({"LEADS_POSTGRES_HOST": "db", "LEADS_POSTGRES_PASSWORD": "x"}).words
        'the database leads of leads@db:5432'
        """
        return f"the database {self.database} of {self.user}@{self.host}:{self.port}"


def locate_postgres(environ: Mapping[str, str] = os.environ) -> Place:
    """The database that the LEADS_POSTGRES_ variables name. Raises ValueError where the port is no
    number."""
    given = read_given(environ)
    port = given.get("LEADS_POSTGRES_PORT", "5432")
    if not port.isdecimal():
        raise ValueError(f"LEADS_POSTGRES_PORT is '{port}', which is no port: write it as 5432.")
    return Place(
        host=given.get("LEADS_POSTGRES_HOST", "localhost"),
        port=int(port),
        user=given.get("LEADS_POSTGRES_USER", "leads"),
        password=given.get("LEADS_POSTGRES_PASSWORD", ""),
        database=given.get("LEADS_POSTGRES_DATABASE", "leads"),
        schema=given.get("LEADS_POSTGRES_SCHEMA", "main"),
    )


@contextmanager
def attach_postgres(
    place: Place, *, is_read_only: bool = False
) -> Iterator[duckdb.DuckDBPyConnection]:
    """An in-memory DuckDB with the database attached as `warehouse`, closed when the block ends.

    Raises Unusable where it cannot be reached; no sentence holds the password.
    """
    with duckdb.connect() as connection:
        load_extension(connection)
        connection.execute("set TimeZone = 'UTC'")
        # Postgres keeps no NUL in a text, and no text of a person has one.
        connection.execute("set pg_null_byte_replacement = ''")
        secret = {
            "host": place.host,
            "port": str(place.port),
            "user": place.user,
            "password": place.password,
            "database": place.database,
        }
        parts = ", ".join(f"{name} {quote(value)}" for name, value in secret.items() if value)
        connection.execute(f"create secret place (type postgres, {parts})")
        mode = ", read_only" if is_read_only else ""
        try:
            connection.execute(f"attach '' as warehouse (type postgres, secret place{mode})")
        except duckdb.Error as error:
            reason = str(error).splitlines()[0].rpartition("failed: ")[2]
            raise Unusable(
                f"{place.words} cannot be reached: {reason}. LEADS_POSTGRES_HOST, _PORT, _USER, "
                "_PASSWORD and _DATABASE say where it is."
            ) from None
        yield connection


def load_extension(connection: duckdb.DuckDBPyConnection) -> None:
    """Load DuckDB's client of Postgres from its package; nothing is fetched. Raises Unusable where
    the package is not there, or is of another DuckDB."""
    try:
        package = importlib.resources.files(f"duckdb_extension_{EXTENSION}")
    except ModuleNotFoundError:
        package = None
    file = package and package / f"extensions/v{duckdb.__version__}/{EXTENSION}.duckdb_extension"
    if not file or not file.is_file():
        raise Unusable(
            f"The package duckdb-extension-postgres-scanner {duckdb.__version__} is not installed: "
            "`make setup` installs what the lock file names."
        )
    connection.execute(f"load {quote(file)}")


def quote(text: object) -> str:
    """A text as it stands in SQL.

    >>> quote("it's")
    "'it''s'"
    """
    return "'" + str(text).replace("'", "''") + "'"
