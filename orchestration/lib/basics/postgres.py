"""What belongs here: the warehouse where it is a Postgres database.

DuckDB is the client: it attaches the database, so that all SQL outside dbt is of one dialect on
every engine, runs where it is asked, and reads and writes Postgres' tables in its transactions.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from orchestration.lib.basics.locks import QUIET_SECONDS, REPEAT_SECONDS
from orchestration.lib.basics.outcomes import Unusable
from orchestration.lib.basics.progress import say
from orchestration.lib.basics.variables import read_given

# The number under which a run holds the database: ours alone, the same on every machine.
LOCK = 7_310_584_222_519

# Each setting of the connection, and what is meant where it is not set, as in profiles.yml.
CONNECTION = {
    "host": ("LEADS_POSTGRES_HOST", "localhost"),
    "port": ("LEADS_POSTGRES_PORT", "5432"),
    "user": ("LEADS_POSTGRES_USER", "leads"),
    "password": ("LEADS_POSTGRES_PASSWORD", ""),
    "database": ("LEADS_POSTGRES_DATABASE", "leads"),
}


def read_connection() -> dict[str, str]:
    """host, port, user, password and database, as the environment gives them."""
    given = read_given()
    return {key: given.get(name, default) for key, (name, default) in CONNECTION.items()}


def describe_database() -> str:
    """The database as messages name it: without the password."""
    at = read_connection()
    return f"the database {at['database']} at {at['host']}:{at['port']} (user {at['user']})"


def attach_database(connection: duckdb.DuckDBPyConnection, *, is_read_only: bool) -> None:
    """Attach the database to an in-memory `connection` as `warehouse`. Raises ValueError where it
    cannot be reached."""
    connection.execute(f"load '{find_extension()}'")
    secret = ", ".join(
        f"{key} '{value.replace(chr(39), chr(39) * 2)}'" for key, value in read_connection().items()
    )
    connection.execute(f"create or replace temporary secret (type postgres, {secret})")
    mode = ", read_only" if is_read_only else ""
    try:
        connection.execute(f"attach '' as warehouse (type postgres{mode})")
    except duckdb.Error as error:
        raise Unusable(describe_failure(str(error))) from None


def find_extension() -> Path:
    """DuckDB's extension that reads Postgres, from its package: nothing is downloaded."""
    import duckdb_extension_postgres_scanner as package

    folder = Path(package.__file__).parent / "extensions" / f"v{duckdb.__version__}"
    return folder / "postgres_scanner.duckdb_extension"


def check_database() -> None:
    """ValueError where the database cannot be reached."""
    with open_session():
        pass


@contextmanager
def open_session() -> Iterator["psycopg2.extensions.connection"]:  # noqa: F821
    """A connection of Postgres' own, for what DuckDB does not speak; each statement by itself."""
    import psycopg2

    at = read_connection()
    try:
        session = psycopg2.connect(
            host=at["host"],
            port=at["port"],
            user=at["user"],
            password=at["password"] or None,
            dbname=at["database"],
            application_name="leads",
        )
    except psycopg2.OperationalError as error:
        raise Unusable(describe_failure(str(error))) from None
    session.autocommit = True
    try:
        yield session
    finally:
        session.close()


def describe_failure(message: str) -> str:
    """Why the database cannot be reached, from the `message` of the driver, and what to do."""
    words = message.strip().splitlines()[-1].removeprefix("IO Error: ").strip()
    words = words.partition("FATAL: ")[2].strip() or words
    return (
        f"{describe_database()[0].upper()}{describe_database()[1:]} cannot be used: "
        f"{words.rstrip('.')}. See that the server runs and that LEADS_POSTGRES_HOST, _PORT, "
        "_USER, _PASSWORD and _DATABASE are right."
    )


@contextmanager
def hold_database(*, wait_seconds: float) -> Iterator[None]:
    """Keep other runs out of the database while the block runs, on whatever machine they are; a
    run that is killed loses it with its connection.

    Raises ValueError where another one holds it longer than `wait_seconds`.
    """
    with open_session() as session, session.cursor() as cursor:
        started = time.monotonic()
        speaks_at = started + QUIET_SECONDS
        while not ask(cursor, "select pg_try_advisory_lock(%s)"):
            now = time.monotonic()
            if now - started > wait_seconds:
                raise Unusable(
                    f"Another run is at work in {describe_database()} and has not ended within "
                    f"{wait_seconds:.0f} seconds. Let it end, then run again."
                )
            if now >= speaks_at:
                say(
                    f"  waiting     for another run in {describe_database()}: {now - started:.0f} s"
                )
                speaks_at = now + REPEAT_SECONDS
            time.sleep(0.2)
        yield


def ask(cursor: "psycopg2.extensions.cursor", query: str) -> bool:  # noqa: F821
    """The one value of a query about the lock."""
    cursor.execute(query, [LOCK])
    return cursor.fetchone()[0]
