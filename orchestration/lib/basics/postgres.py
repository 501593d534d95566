"""What belongs here: reaching the Postgres database of the target `postgres`: where it is, a DuckDB
that has it attached, so that the SQL of the project's Python stays one dialect, and holding it for
one run alone."""

import importlib.resources
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import duckdb

from orchestration.lib.basics.locks import Busy, wait_while_busy
from orchestration.lib.basics.outcomes import Unusable
from orchestration.lib.basics.quoting import quote
from orchestration.lib.basics.variables import read_given

EXTENSION = "postgres_scanner"

# The number of the advisory lock by which a run holds the database, the same on every machine.
LOCK = 7_310_584_222_519

# What profiles.yml calls the sessions of a dbt that runs by itself or in a run, and how long none
# must have been seen: between two tables it has none.
DBT_SESSION = "leads dbt"
QUIET_SECONDS = 1.0


@dataclass(frozen=True)
class Place:
    """Where the database is, as profiles.yml has it; the password is not printed."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str

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
    )


@contextmanager
def attach_postgres(
    place: Place, *, is_read_only: bool = False
) -> Iterator[duckdb.DuckDBPyConnection]:
    """An in-memory DuckDB with the database attached as `warehouse`, closed when the block ends.

    Raises Unusable where it cannot be reached; no sentence holds the password.
    """
    with duckdb.connect() as connection:
        attach_into(connection, place, is_read_only=is_read_only)
        yield connection


def attach_into(
    connection: duckdb.DuckDBPyConnection, place: Place, *, is_read_only: bool = False
) -> None:
    """Attach the database to an in-memory DuckDB as `warehouse`. Raises as `attach_postgres`."""
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
        raise Unusable(describe_failure(place, str(error))) from None


def describe_failure(place: Place, message: str) -> str:
    """Why the database cannot be reached, from the `message` of the driver, and what to do."""
    reason = message.strip().splitlines()[0].rpartition("failed: ")[2].rstrip(".")
    return (
        f"{place.words} cannot be reached: {reason}. LEADS_POSTGRES_HOST, _PORT, _USER, _PASSWORD "
        "and _DATABASE say where it is."
    )


def is_session_lost(error: duckdb.Error) -> bool:
    """Whether a statement failed because the server is gone, or has ended the session.

    >>> is_session_lost(duckdb.Error('Failed to execute query "ROLLBACK": '))
    True
    """
    return bool(re.search('query "ROLLBACK"|connection|server closed', str(error)))


@contextmanager
def open_session(place: Place) -> Iterator[Any]:
    """A session of Postgres' own, for what DuckDB does not speak; every statement stands by itself.
    Raises as `attach_postgres`."""
    # Only where there is such a database.
    import psycopg2

    try:
        session = psycopg2.connect(
            host=place.host,
            port=place.port,
            user=place.user,
            password=place.password or None,
            dbname=place.database,
            application_name="leads",
        )
    except psycopg2.OperationalError as error:
        raise Unusable(describe_failure(place, str(error))) from None
    session.autocommit = True
    try:
        yield session
    finally:
        session.close()


@contextmanager
def hold_database(place: Place, *, wait_seconds: float) -> Iterator[None]:
    """Keep other runs out of the database while the block runs, on whatever machine they are; a
    run that is killed loses it with its session.

    Raises Unusable where another one holds it longer than `wait_seconds`.
    """
    with open_session(place) as session, session.cursor() as cursor:
        busy = Busy(
            f"another run in {place.words}",
            f"Another run is at work in {place.words} and has not ended within "
            f"{wait_seconds:.0f} seconds. Let it end, then run again.",
        )

        def try_lock() -> None:
            cursor.execute("select pg_try_advisory_lock(%s)", [LOCK])
            if not cursor.fetchone()[0]:
                raise busy
            # A plain dbt holds no lock that lasts.
            quiet_at = time.monotonic() + QUIET_SECONDS
            while time.monotonic() < quiet_at:
                cursor.execute(
                    "select count(*) from pg_stat_activity"
                    " where datname = current_database() and application_name = %s",
                    [DBT_SESSION],
                )
                if cursor.fetchone()[0]:
                    cursor.execute("select pg_advisory_unlock(%s)", [LOCK])
                    raise busy
                time.sleep(0.02)

        wait_while_busy(try_lock, wait_seconds=wait_seconds)
        yield


# Of tables, their partitions and what views of these names read.
COUNT_WRITES = """
with recursive relations as (
    select pg_class.oid
    from pg_class
    inner join pg_namespace on pg_class.relnamespace = pg_namespace.oid
    where (pg_namespace.nspname, pg_class.relname) in %s
    union
    select below.oid
    from relations
    cross join lateral (
        select inhrelid as oid from pg_inherits where inhparent = relations.oid
        union all
        select pg_depend.refobjid
        from pg_rewrite
        inner join pg_depend
            on pg_depend.classid = 'pg_rewrite'::regclass and pg_depend.objid = pg_rewrite.oid
        where pg_rewrite.ev_class = relations.oid and pg_depend.refclassid = 'pg_class'::regclass
    ) as below
)

select
    oid::bigint, pg_relation_filenode(oid)::bigint, pg_stat_get_tuples_inserted(oid),
    pg_stat_get_tuples_updated(oid), pg_stat_get_tuples_deleted(oid)
from relations
order by oid
"""


def count_writes(place: Place, tables: Sequence[tuple[str, str]]) -> list[tuple]:
    """Numbers that are others after rows of tables, by schema and name, were written: the server
    counts them anyway, so that no table is looked at. Raises Unusable where it cannot be
    reached."""
    with open_session(place) as session, session.cursor() as cursor:
        cursor.execute(COUNT_WRITES, [tuple(tables)])
        return cursor.fetchall()


class Statements:
    """A session that is spoken to as one of SQLite is: `?` for a value, and a `with` block is one
    transaction. For what is kept in a file beside a DuckDB warehouse and in the database here."""

    def __init__(self, session: Any):
        """Of `open_session`."""
        self.session = session
        self.cursor = session.cursor()
        # How many rows were changed so far.
        self.total_changes = 0

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """The cursor that has run the statement."""
        self.cursor.execute(sql.replace("%", "%%").replace("?", "%s"), list(values))
        if not self.cursor.description:
            self.total_changes += max(self.cursor.rowcount, 0)
        return self.cursor

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run the statement once for each row of values."""
        for values in rows:
            self.execute(sql, values)

    def __enter__(self) -> "Statements":
        """Begin a transaction."""
        self.cursor.execute("begin")
        return self

    def __exit__(self, kind: type | None, *_: object) -> None:
        """Commit, or take back where the block has failed."""
        self.cursor.execute("rollback" if kind else "commit")


@contextmanager
def speak_to(place: Place) -> Iterator[Statements]:
    """A session as `Statements`. Raises Unusable where the database cannot be
    reached, or says no."""
    import psycopg2

    with open_session(place) as session:
        try:
            yield Statements(session)
        except psycopg2.Error as error:
            reason = str(error).strip().splitlines()[0]
            raise Unusable(f"{place.words} says: {reason}. Mend that, then run again.") from error


def list_relations(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, bool]]:
    """Schema, name and whether it is a view of every table of the attached `warehouse`: DuckDB
    takes views for tables."""
    return connection.execute(
        "select * from postgres_query('warehouse', $$select table_schema::text, table_name::text,"
        " table_type = 'VIEW' from information_schema.tables$$)"
    ).fetchall()


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
