"""What belongs here: a build of dbt's written down as the statements that it ran, and run again
without dbt, which takes some seconds longer than DuckDB does for a few leads.

It is the SQL of the same models. What dbt sends to the database follows from the files of the
project, the settings, the clock, and what the database answered on the way: where a macro asks,
what it is told goes into the SQL. So the statements are kept by all of the first, with each of the
answers, and are run again for as long as the database answers the same. The first answer that
differs ends it: nothing has been written then, and dbt builds, as it knows how to.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lib.basics.quoting import quote
from orchestration.lib.basics.rule_book_files import hash_rules, list_rule_book_files
from orchestration.lib.basics.settings import Settings, list_settings
from orchestration.lib.built.raw_functions import add_functions

# What dbt reads of the project, and what Python does for it.
PARTS_OF_PROJECT = ("models", "macros", "snapshots", "tests/data", "orchestration/lib/built")
PACKAGES = ("dbt-core", "dbt-adapters", "dbt-duckdb", "duckdb")

# Transactions of several connections, where one does it all.
LEFT_OUT = frozenset(["begin", "commit"])


def make_key(settings: Settings, command: Sequence[str], *, today: date) -> str:
    """A fingerprint of all that the statements of a dbt `command` follow from, but for the answers
    of the database and the time of the day, which is `today` (UTC)."""
    given = {
        name: value for name, value in os.environ.items() if name.startswith(("LEADS_", "DBT_"))
    }
    told = {
        "command": list(command),
        "settings": given | list_settings(settings),
        "rules": hash_rules(settings.rules),
        "project": hash_project(settings.project),
        "packages": [version(package) for package in PACKAGES],
        "today": str(today),
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


@lru_cache
def hash_project(project: Path) -> str:
    """A fingerprint of the files that dbt reads, but for the rule book; once in a process, as dbt
    reads them."""
    files = [project / "dbt_project.yml", project / "profiles.yml", project / "packages.yml"]
    files += list_rule_book_files(project / "seeds/reference", project=project)
    for part in PARTS_OF_PROJECT:
        files += sorted((project / part).rglob("*.*"))
    told = hashlib.sha256()
    for file in files:
        if file.suffix in (".sql", ".yml", ".md", ".csv", ".py"):
            told.update(f"\n{file.relative_to(project)}\n".encode())
            told.update(file.read_bytes())
    return told.hexdigest()


def find_latest_time(settings: Settings, now: datetime) -> str:
    """The latest time that is possible where the clock says `now` (UTC), as the macro latest_time
    writes it."""
    newest = datetime.combine(settings.as_of_dates[-1], datetime.min.time())
    clock = now.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    return str(max(clock, newest) + timedelta(days=1))


@contextmanager
def keep_statements(file: Path, settings: Settings, command: Sequence[str]) -> Iterator[None]:
    """Keep in `file` what the dbt `command` in the block, a build with `settings`, sends to the
    database, where that can be run again."""
    file.unlink(missing_ok=True)
    today = datetime.now(UTC).date()
    key = make_key(settings, command, today=today)
    with write_down() as written:
        yield
    started = find_start()
    if written.is_whole and started.date() == today:
        content = {
            "key": key,
            "latest_time": find_latest_time(settings, started),
            "settings": written.settings,
            "statements": written.statements,
        }
        fresh = file.with_suffix(".fresh")
        fresh.write_text(json.dumps(content))
        fresh.replace(file)


def find_start() -> datetime:
    """When the last dbt command of this process began, as its macros know it."""
    from dbt import tracking

    return tracking.active_user.run_started_at


@dataclass
class Written:
    """What was sent to the database: each statement with the fingerprint of the rows that were
    looked at, None where nobody looked; the settings of the connection; and whether that is all
    of it."""

    statements: list[list[str | None]] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    is_whole: bool = True


@contextmanager
def write_down() -> Iterator[Written]:
    """Within the block all that dbt sends to DuckDB is written down."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.adapters.duckdb.environments.local import DuckDBCursorWrapper

    written = Written()
    send = DuckDBCursorWrapper.execute

    def execute(self: Any, sql: str, bindings: Any = None) -> Any:
        written.settings = DuckDBConnectionManager.env().creds.settings
        self.last = [sql, None]
        written.statements.append(self.last)
        # What failed, and dbt went on, and what came with values, is nothing to be run again.
        written.is_whole, was_whole = False, written.is_whole
        result = send(self, sql, bindings)
        written.is_whole = was_whole and bindings is None
        return result

    def fetchall(self: Any) -> list[tuple]:
        rows = self._cursor.fetchall()
        self.last[1] = fingerprint(self._cursor, rows)
        return rows

    def look(self: Any, name: str) -> Any:
        if name.startswith("fetch") or name in ("df", "arrow", "pl"):
            written.is_whole = False
        return getattr(self._cursor, name)

    DuckDBCursorWrapper.execute = execute
    DuckDBCursorWrapper.fetchall = fetchall
    DuckDBCursorWrapper.__getattr__, own_look = look, DuckDBCursorWrapper.__getattr__
    try:
        yield written
    finally:
        DuckDBCursorWrapper.execute = send
        DuckDBCursorWrapper.__getattr__ = own_look
        del DuckDBCursorWrapper.fetchall


def run_kept_statements(file: Path, settings: Settings, command: Sequence[str]) -> int:
    """Have the warehouse of `settings` be what the dbt `command` would make of it, by what is kept
    in `file`; returns how many statements it took, 0, and it is as before, where nothing is kept
    that holds for it."""
    now = datetime.now(UTC)
    if not file.exists():
        return 0
    kept = json.loads(file.read_text())
    if kept["key"] != make_key(settings, command, today=now.date()):
        return 0
    before, latest = kept["latest_time"], find_latest_time(settings, now)
    if before != latest and before.endswith(" 00:00:00"):
        # A midnight may stand there for a day.
        return 0
    as_it_was = settings.warehouse.with_suffix(".before")
    if settings.warehouse.exists():
        shutil.copyfile(settings.warehouse, as_it_was)
    with duckdb.connect(str(settings.warehouse)) as connection:
        for name, value in kept["settings"].items():
            connection.execute(f"set {name} = {quote(value)}")
        connection.execute(f"set variable rules_sha256 = {quote(hash_rules(settings.rules))}")
        add_functions(connection, settings.warehouse)
        is_same = send_again(connection, kept["statements"], clock=(before, latest))
    if not is_same:
        settings.warehouse.unlink()
        if as_it_was.exists():
            as_it_was.rename(settings.warehouse)
    as_it_was.unlink(missing_ok=True)
    return len(kept["statements"]) if is_same else 0


def send_again(
    connection: duckdb.DuckDBPyConnection,
    statements: Sequence[tuple[str, str | None]],
    *,
    clock: tuple[str, str],
) -> bool:
    """Run statements with the latest possible time put in anew; False at the first answer that is
    another one than was kept.

    Each is a transaction of its own: of rows that are not committed DuckDB knows less, and plans
    for thousands of leads joins that take a hundred times as long.
    """
    for sql, answer in statements:
        if sql.strip().lower() not in LEFT_OUT:
            result = connection.execute(sql.replace(*clock))
            if answer and fingerprint(result, result.fetchall()) != answer:
                return False
    return True


def fingerprint(cursor: duckdb.DuckDBPyConnection, rows: list[tuple]) -> str:
    """A fingerprint of an answer: names and rows."""
    names = [name for name, *_ in cursor.description]
    return hashlib.sha256(repr((names, rows)).encode()).hexdigest()
