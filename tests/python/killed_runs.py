"""What belongs here: commands in processes of their own that end themselves on their way, as a kill
would. No expectations: those stand in the tests."""

import multiprocessing
import os
import re
import shutil
import signal
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
from landings import land

from orchestration.lib.basics.settings import PROJECT_ROOT
from orchestration.lib.published.publication import MARTS
from samples.generate import main as generate

# The run that is killed scores two days, and finds raw rows that the one before has not seen.
FIRST_DAYS, FIRST_DAY, NEW_DAYS = "2026-06-24..2026-06-27", "2026-06-27", "2026-06-28..2026-06-29"

# What hangs on when a run was made.
CLOCKS = ["released_at", "loaded_at", "scored_at"]

# Before the first of dbt's statements that a pattern is found in, or at a function's n-th call.
Moment = tuple[Any, ...]

# Processes are forked from one that has imported everything: half the seconds of a small run.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(
    [
        "orchestration.cli.main",
        "orchestration.cli.daily_run",
        "orchestration.definitions",
        "dagster_dbt",
        "dbt.cli.main",
    ]
    + ["dbt.adapters.duckdb.connections", "great_expectations", "duckdb_engine"]
)


def refresh(
    folder: str, arguments: list[str], as_of: str, moment: Moment | None, engine: dict[str, str]
) -> None:
    """A command of the installation in `folder` on an `engine` (variables), in a process of its own
    that ends itself, as a kill would, at a `moment`."""
    raw = Path(folder, "raw")
    os.environ.update(
        engine,
        # Else the raw tables lie in the warehouse.
        LEADS_RAW=str(raw) if raw.exists() else "",
        LEADS_WAREHOUSE=f"{folder}/leads.duckdb",
        LEADS_PUBLISHED=f"{folder}/published",
        LEADS_AS_OF=as_of,
    )
    from orchestration.cli import daily_run, main
    from orchestration.lib.checked import audit, auditor

    # In this process, which has Great Expectations, with reports that overwrite no others.
    auditing = SimpleNamespace(audit=partial(audit.audit_mart, reports=Path(folder) / "reports"))
    auditor.start_auditor = lambda: nullcontext(auditing)
    daily_run.DAGSTER_HOME = Path(folder) / "dagster"
    daily_run.LOG_FILE = daily_run.DAGSTER_HOME / "daily_refresh.log"
    daily_run.PROJECT_ROOT = Path(folder)
    if moment:
        kind, *place = moment
        {"statement": die_before_statement, "call": die_at_call}[kind](*place)
    raise SystemExit(main.run(arguments))


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_before_statement(pattern: str) -> None:
    """Have the first of dbt's statements that the pattern is found in never run."""
    from dbt.adapters.duckdb.environments.local import DuckDBCursorWrapper

    execute = DuckDBCursorWrapper.execute

    def execute_or_die(self, sql, bindings=None):
        if re.search(pattern, sql):
            die()
        return execute(self, sql, bindings)

    DuckDBCursorWrapper.execute = execute_or_die


def die_at_call(module: str, name: str, number: int = 1) -> None:
    """Have a function's n-th call never return."""
    owner = __import__(module, fromlist=[name])
    function = getattr(owner, name)
    calls = []

    def call_or_die(*arguments, **options):
        calls.append(None)
        if len(calls) < number:
            return function(*arguments, **options)
        die()

    setattr(owner, name, call_or_die)


def start(
    folder: Path,
    as_of: str,
    moment: Moment | None = None,
    *,
    engine: dict[str, str] | None = None,
    arguments: tuple[str, ...] = ("run",),
) -> int:
    """How a command in a process of its own ended: its exit code, or minus the signal."""
    process = PROCESSES.Process(
        target=refresh, args=(str(folder), list(arguments), as_of, moment, engine or {})
    )
    process.start()
    process.join(timeout=300)
    assert process.exitcode is not None
    return process.exitcode


def read_marts(file: Path) -> dict[str, list[tuple]]:
    """All rows of all marts in a publication's database, in their order, but for the clock's."""
    with duckdb.connect(str(file), read_only=True) as connection:
        return {mart: read_mart(connection, mart) for mart in MARTS}


def read_mart(connection: duckdb.DuckDBPyConnection, mart: str) -> list[tuple]:
    query = f"select columns(name -> not list_contains({CLOCKS}, name)) from {mart} order by all"
    return connection.execute(query).fetchall()


def publish_first_day(folder: Path, *, engine: dict[str, str] | None = None) -> None:
    """An installation that has scored the first days, with the raw rows that had loaded by then."""
    generate(
        ["--out", str(folder / "all"), "--last-day", "2026-06-29"]
        + ["--leads", "120", "--events", "3000"]
    )
    land(folder / "all", folder / "raw", f"_loaded_at < date '{FIRST_DAY}' + 1")
    prepare_dagster(folder)
    assert start(folder, FIRST_DAYS, engine=engine) == 0
    shutil.rmtree(folder / "raw")
    (folder / "all").rename(folder / "raw")


def prepare_dagster(folder: Path) -> None:
    """Where the runs of an installation are noted."""
    (folder / "dagster").mkdir()
    shutil.copy(PROJECT_ROOT / ".dagster/dagster.yaml", folder / "dagster")


def copy_installation(before: Path, folder: Path) -> Path:
    return Path(shutil.copytree(before, folder, symlinks=True))
