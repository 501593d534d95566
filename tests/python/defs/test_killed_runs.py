"""What belongs here: daily refreshes that are killed on their way, and warehouses that are lost.
Readers keep the last good publication, and the next run ends as if nothing had happened."""

import multiprocessing
import os
import re
import shutil
import signal
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import duckdb
import pytest
from postgres_server import start_server

from orchestration.lib.basics.postgres import attach_postgres, locate_postgres
from orchestration.lib.basics.settings import PROJECT_ROOT
from orchestration.lib.basics.warehouse import open_warehouse
from orchestration.lib.decided.tiers import write_tiers
from orchestration.lib.delivered.outbox import open_outbox, read_states
from orchestration.lib.published.publication import MARTS, hash_file, read_current
from samples.generate import main as generate

# The run that is killed scores two days, and finds raw rows that the one before has not seen.
FIRST_DAYS, FIRST_DAY, NEW_DAYS = "2026-06-24..2026-06-27", "2026-06-27", "2026-06-28..2026-06-29"

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


def refresh(folder: str, as_of: str, moment: str | None, engine: dict[str, str]) -> None:
    """The daily refresh of the installation in `folder` on an `engine` (variables), in a process of
    its own that ends itself, as a kill would, at a `moment` of MOMENTS."""
    os.environ.update(
        engine,
        LEADS_RAW=f"{folder}/raw",
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
        (MOMENTS | SERVER_MOMENTS)[moment]()
    raise SystemExit(main.run(["run"]))


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


def die_at_call(module: str, name: str, *, number: int = 1) -> None:
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


MOMENTS = {
    "facts deleted, not yet folded again": lambda: die_before_statement(
        r'insert into \S*"int_web_event_days"'
    ),
    "facts folded, not yet noted as read": lambda: die_before_statement(
        r'table\s+\S*"event_tables_read'
    ),
    "scoring": lambda: die_before_statement(r'table\s+\S*"lead_totals'),
    "first day tiered, second not": lambda: die_at_call(
        "orchestration.lib.decided.tiers", "write_day", number=2
    ),
    "all written, publication not yet switched": lambda: die_at_call(
        "orchestration.lib.published.publication", "switch_to"
    ),
}
SERVER_MOMENTS = {
    "all written, schemas not yet switched": lambda: die_at_call(
        "orchestration.lib.published.on_server", "switch_schemas"
    ),
}


def start(
    folder: Path, as_of: str, moment: str | None = None, *, engine: dict[str, str] | None = None
) -> int:
    """How a refresh in a process of its own ended: its exit code, or minus the signal."""
    process = PROCESSES.Process(target=refresh, args=(str(folder), as_of, moment, engine or {}))
    process.start()
    process.join(timeout=300)
    assert process.exitcode is not None
    return process.exitcode


def read_marts(file: Path) -> dict[str, list[tuple]]:
    """All rows of all marts in a publication's database, in their order, but for the clock's."""
    with duckdb.connect(str(file), read_only=True) as connection:
        return {mart: read_mart(connection, mart) for mart in MARTS}


def read_mart(connection: duckdb.DuckDBPyConnection, mart: str) -> list[tuple]:
    query = f"select columns(name -> name <> 'released_at') from {mart} order by all"
    return connection.execute(query).fetchall()


def publish_first_day(folder: Path, *, engine: dict[str, str] | None = None) -> None:
    """An installation that has scored the first days, with the raw rows that had loaded by then."""
    generate(
        ["--out", str(folder / "all"), "--last-day", "2026-06-29"]
        + ["--leads", "120", "--events", "3000"]
    )
    for file in (folder / "all").rglob("*.parquet"):
        part = folder / "raw" / file.relative_to(folder / "all")
        part.parent.mkdir(parents=True, exist_ok=True)
        duckdb.execute(
            f"copy (from '{file}' where _loaded_at < date '{FIRST_DAY}' + 1) to '{part}'"
        )
    (folder / "dagster").mkdir()
    shutil.copy(PROJECT_ROOT / ".dagster/dagster.yaml", folder / "dagster")
    assert start(folder, FIRST_DAYS, engine=engine) == 0
    shutil.rmtree(folder / "raw")
    (folder / "all").rename(folder / "raw")


def copy_installation(before: Path, folder: Path) -> Path:
    return Path(shutil.copytree(before, folder, symlinks=True))


@pytest.fixture(scope="module")
def before(tmp_path_factory, request) -> Path:
    """An installation with a publication, and with raw rows that have come in since."""
    # What dbt has read of the project stays for the next time.
    os.environ["DBT_TARGET_PATH"] = "build/test/killed_target"
    request.addfinalizer(lambda: os.environ.pop("DBT_TARGET_PATH"))
    folder = tmp_path_factory.mktemp("killed") / "before"
    folder.mkdir()
    publish_first_day(folder)
    return folder


@pytest.fixture(scope="module")
def undisturbed(before) -> dict[str, list[tuple]]:
    """The marts after a run that nobody killed."""
    folder = copy_installation(before, before.with_name("undisturbed"))
    assert start(folder, NEW_DAYS) == 0
    return read_marts(folder / "published/leads.duckdb")


# One installation is killed again and again: each run has to overcome the kill before it to come
# to its own, and what is wrong in the facts then stays wrong to the end.
def test_killed_runs_harm_no_reader_and_the_next_one_ends_as_if_nothing_had_happened(
    before, undisturbed, tmp_path
):
    folder = copy_installation(before, tmp_path / "installation")
    published = folder / "published"
    last_good = read_current(published)
    with duckdb.connect(str(published / "leads.duckdb"), read_only=True) as reader:
        for moment in MOMENTS:
            assert start(folder, NEW_DAYS, moment) == -signal.SIGKILL
            day = reader.execute("select max(as_of_date)::varchar from lead_scores").fetchone()
            assert day == (FIRST_DAY,)
    assert read_current(published) == last_good
    assert all(hash_file(published / name) == sha for name, sha in last_good["files"].items())

    assert start(folder, NEW_DAYS) == 0
    assert read_marts(published / "leads.duckdb") == undisturbed
    with dg.DagsterInstance.from_config(str(folder / "dagster")) as instance:
        ends = [run.status.value for run in instance.get_runs()]
    assert ends == ["SUCCESS", *["FAILURE"] * len(MOMENTS), "SUCCESS"]


def read_outbox(folder: Path) -> dict[str, str]:
    with open_outbox(folder / "leads.outbox.sqlite") as outbox:
        return read_states(outbox)


def test_a_run_that_finds_its_warehouse_lost_ends_as_if_it_were_not(before, undisturbed, tmp_path):
    folder = copy_installation(before, tmp_path / "installation")
    handed_over = read_outbox(folder)
    assert handed_over and set(handed_over.values()) == {"pending"}
    (folder / "leads.duckdb").unlink()
    assert start(folder, NEW_DAYS) == 0
    assert read_marts(folder / "published/leads.duckdb") == undisturbed
    assert read_outbox(folder) == read_outbox(before.with_name("undisturbed"))
    # Whatever a run writes but the publication is for its owner alone.
    written = [folder / "leads.duckdb", folder / "leads.outbox.sqlite"]
    written += [*(folder / "reports").rglob("*"), *(folder / "dagster").rglob("*")]
    written.remove(folder / "dagster/dagster.yaml")
    assert len(written) > 10
    assert [path for path in written if path.stat().st_mode & 0o077] == []


def tier_and_die(folder: str, engine: dict[str, str]) -> None:
    """The tiers alone, in a process that ends itself before the second day's are committed."""
    warehouse = Path(folder) / "leads.duckdb"
    os.environ.update(engine, LEADS_WAREHOUSE=str(warehouse))
    die_at_call("orchestration.lib.decided.tiers", "decide_hand_overs", number=2)
    with open_warehouse(warehouse) as connection:
        write_tiers(connection)


def read_decided(reader: duckdb.DuckDBPyConnection) -> list[list[tuple]]:
    tables = ("lead_tiers", "lead_score_history", "hand_overs", "scored_days")
    return [read_mart(reader, f"warehouse.main.{table}") for table in tables]


def test_on_postgres_the_same_is_published_also_after_kills(undisturbed, tmp_path):
    folder = tmp_path / "installation"
    folder.mkdir()
    with start_server() as server:
        engine = {**server, "LEADS_TARGET": "postgres"}
        place = locate_postgres(engine)
        publish_first_day(folder, engine=engine)
        assert start(folder, NEW_DAYS, *SERVER_MOMENTS, engine=engine) == -signal.SIGKILL
        with attach_postgres(place, is_read_only=True) as reader:
            day = "select max(as_of_date)::varchar from warehouse.published.lead_scores"
            assert reader.execute(day).fetchone() == (FIRST_DAY,)
            decided = read_decided(reader)
        process = PROCESSES.Process(target=tier_and_die, args=(str(folder), engine))
        process.start()
        process.join(timeout=300)
        assert process.exitcode == -signal.SIGKILL
        with attach_postgres(place, is_read_only=True) as reader:
            assert read_decided(reader) == decided
        assert start(folder, NEW_DAYS, engine=engine) == 0
        published = read_marts(folder / "published/leads.duckdb")
        assert published == undisturbed
        with attach_postgres(place, is_read_only=True) as reader:
            reader.execute("use warehouse.published")
            assert {mart: read_mart(reader, mart) for mart in MARTS} == published
