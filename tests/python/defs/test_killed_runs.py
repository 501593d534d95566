"""What belongs here: daily refreshes that are killed on their way, and warehouses that are lost.
Readers keep the last good publication, and the next run ends as if nothing had happened."""

import os
import signal
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from killed_runs import (
    FIRST_DAY,
    NEW_DAYS,
    PROCESSES,
    copy_installation,
    die_at_call,
    publish_first_day,
    read_mart,
    read_marts,
    start,
)
from postgres_server import PASSWORD, start_server

from orchestration.lib.basics.postgres import attach_postgres, locate_postgres
from orchestration.lib.basics.settings import PROJECT_ROOT
from orchestration.lib.basics.warehouse import open_warehouse
from orchestration.lib.decided.tiers import write_tiers
from orchestration.lib.delivered.outbox import open_outbox, read_states
from orchestration.lib.published.publication import MARTS, hash_file, read_current

MOMENTS = {
    "facts deleted, not yet folded again": ("statement", r'insert into \S*"int_web_event_days"'),
    "facts folded, not yet noted as read": ("statement", r'table\s+\S*"event_tables_read'),
    "scoring": ("statement", r'table\s+\S*"lead_totals'),
    "first day tiered, second not": ("call", "orchestration.lib.decided.tiers", "write_day", 2),
    "all written, publication not yet switched": (
        "call",
        "orchestration.lib.published.publication",
        "switch_to",
    ),
}
# On Postgres readers are switched as well.
SCHEMAS_NOT_SWITCHED = ("call", "orchestration.lib.published.on_server", "switch_schemas")


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
        for moment in MOMENTS.values():
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
    die_at_call("orchestration.lib.decided.tiers", "decide_hand_overs", 2)
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
        assert start(folder, NEW_DAYS, SCHEMAS_NOT_SWITCHED, engine=engine) == -signal.SIGKILL
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
    # In no log, record, manifest or publication, however a quote in it is written there.
    secret = PASSWORD.removesuffix("'s").encode()
    places = (folder, PROJECT_ROOT / os.environ["DBT_TARGET_PATH"])
    files = [path for place in places for path in place.rglob("*") if path.is_file()]
    assert len(files) > 10
    assert [path for path in files if secret in path.read_bytes()] == []
