"""What belongs here: laws of the day in progress. Whatever intraday runs do, wherever they are
killed and wherever raw rows lie, the next daily run gives what it would have given without them."""

import os
import random
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from dbt_runs import query
from killed_runs import (
    CLOCKS,
    FIRST_DAYS,
    copy_installation,
    prepare_dagster,
    publish_first_day,
    read_mart,
    read_marts,
    start,
)
from landings import ASKED, ask_for_demo, find_emails, land, land_in_warehouse
from postgres_server import start_server

from orchestration.lib.basics.postgres import attach_postgres, locate_postgres
from orchestration.lib.delivered.outbox import open_outbox, read_states
from orchestration.lib.published.publication import hash_file, read_current
from orchestration.lib.published.replaced import HAND_OVER_RULES, LEAD_MARTS

LATE, LOOKED = "2026-06-20", "('page_view', 'about')"
TODAY, TOMORROW = "2026-06-28", "2026-06-29"
MORNING = datetime(2026, 6, 28, 6)
EVENING = MORNING.replace(hour=23)
CUTS = sorted(MORNING + timedelta(hours=random.Random(7).uniform(0.5, 17)) for _ in range(3))

# Sent earlier than a daily run would have, and what follows from that.
SENT_EARLIER = {"hand_overs", "hand_over_rules", "hand_over_feedback", "lead_funnel"}

KILLS = {
    "scoring": ("statement", r'table\s+\S*"lead_totals'),
    "tiered, not yet what follows": (
        "call",
        "orchestration.lib.decided.tiers",
        "decide_hand_overs",
    ),
    "not yet switched": ("call", "orchestration.lib.published.publication", "switch_to"),
    "published, not yet released": ("call", "orchestration.lib.intraday.run", "release"),
    "released, not yet in the outbox": ("call", "orchestration.lib.intraday.run", "put_messages"),
    "not yet noted as seen": ("call", "orchestration.lib.intraday.run", "remember"),
}
PUBLISHED = {
    "published, not yet released",
    "released, not yet in the outbox",
    "not yet noted as seen",
}


@pytest.fixture(scope="module")
def morning(tmp_path_factory, request) -> Path:
    """An installation whose daily run of the day has been made; all rows lie in `raw`."""
    os.environ["DBT_TARGET_PATH"] = "build/test/intraday_target"
    request.addfinalizer(lambda: os.environ.pop("DBT_TARGET_PATH"))
    folder = tmp_path_factory.mktemp("day") / "morning"
    folder.mkdir()
    publish_first_day(folder)
    (folder / "raw").rename(folder / "all")
    assert score(folder, TODAY, MORNING) == 0
    let_ask(folder, 0, name="asking", at=f"timestamp '{TODAY} 08:00:00'")
    # The tracker sends what it has kept.
    let_ask(folder, 1, name="late", at=f"timestamp '{LATE} 08:00:00'", what=LOOKED)
    return folder


def let_ask(folder: Path, place: int, *, name: str, at: str, what: str = ASKED) -> None:
    """A lead that is next to sales has asked for a demo, or has done something else, which loads
    during the day. `place` counts the leads."""
    raw = folder / "all"
    [(email,)] = query(
        folder / "leads.duckdb",
        f"""
        select email
        from scored_leads
        inner join rule_book.model_tiers using (model_id, tier)
        inner join {find_emails(raw)} using (lead_id)
        where model_id = 'b2b_software' and not hands_over and not is_excluded
            and duplicate_of is null
        order by score desc, lead_id limit 1 offset {place}
        """,
    )
    loaded_at = f"any_value(timestamp '{TODAY} 08:00:00')"
    ask_for_demo(raw, email, name=name, at=at, loaded_at=loaded_at, what=what)


@pytest.fixture(scope="module")
def day(morning) -> Path:
    """The same after intraday runs at random times."""
    folder = copy_installation(morning, morning.with_name("day"))
    for cut in CUTS:
        assert score(folder, TODAY, cut, "--intraday") == 0
    assert read_current(folder / "published")["row_counts"]["intraday_leads"] > 5
    return folder


@pytest.fixture(scope="module")
def evening(morning) -> Path:
    """The morning's installation after a further daily run, without intraday runs between."""
    return run_beside(morning, "evening", TODAY, EVENING)


def score(
    folder: Path, as_of: str, until: datetime, *options: str, moment=None, engine=None
) -> int:
    """How a run ended that found the rows that had loaded before a time."""
    land(folder / "all", folder / "raw", f"_loaded_at < timestamp '{until}'")
    return start(folder, as_of, moment, engine=engine, arguments=("run", *options))


def read_published(folder: Path) -> dict[str, list[tuple]]:
    """All marts; how many hand-overs a run found is another number where some were sent before."""
    marts = read_marts(folder / "published/leads.duckdb")
    marts["score_health"] = [row for row in marts["score_health"] if "hand_overs" not in row[2]]
    return marts


def read_sent(folder: Path) -> dict[str, str]:
    with open_outbox(folder / "leads.outbox.sqlite") as outbox:
        return read_states(outbox)


def run_beside(folder: Path, name: str, as_of: str, until: datetime) -> Path:
    """A copy of the installation that has made a further daily run."""
    copied = copy_installation(folder, folder.with_name(name))
    assert score(copied, as_of, until) == 0
    return copied


def test_law_a_daily_run_of_the_same_day_gives_what_it_would_have_given(day, evening):
    after = run_beside(day, "evening-after", TODAY, EVENING)
    assert read_published(after) == read_published(evening)
    assert read_sent(after) == read_sent(evening)


def test_law_the_next_days_run_differs_by_what_was_sent_earlier_alone(morning, day):
    end = MORNING + timedelta(days=3)
    without, after = (
        read_published(run_beside(folder, f"{folder.name}-tomorrow", TOMORROW, end))
        for folder in (morning, day)
    )
    for mart in without.keys() - SENT_EARLIER:
        assert after[mart] == without[mart], mart
    keys = [{row[0] for row in marts["hand_overs"]} for marts in (without, after)]
    assert keys[0] <= keys[1]


def test_killed_runs_harm_no_reader_and_the_next_one_ends_as_if_nothing_had_happened(
    morning, tmp_path
):
    undisturbed = copy_installation(morning, tmp_path / "undisturbed")
    assert score(undisturbed, TODAY, CUTS[-1], "--intraday") == 0
    folder = copy_installation(morning, tmp_path / "killed")
    before = read_current(folder / "published")
    for name, moment in KILLS.items():
        assert score(folder, TODAY, CUTS[-1], "--intraday", moment=moment) == -signal.SIGKILL, name
        live = read_current(folder / "published")
        assert (live != before) == (name in PUBLISHED)
        files = folder / "published/versions" / live["publication_id"]
        assert all(hash_file(files / file) == sha for file, sha in live["files"].items())
    assert score(folder, TODAY, CUTS[-1], "--intraday") == 0
    assert read_published(folder) == read_published(undisturbed)
    assert read_sent(folder) == read_sent(undisturbed)
    assert read_hand_overs(folder) == read_hand_overs(undisturbed)
    assert len(read_sent(folder)) > len(read_sent(morning))


HAND_OVERS = (
    f"select columns(name -> not list_contains({CLOCKS}, name)) from hand_overs order by all"
)


def read_hand_overs(folder: Path) -> list[tuple]:
    return query(folder / "leads.duckdb", HAND_OVERS)


def test_on_postgres_the_day_is_the_same_and_the_night_does_not_know_it(day, evening, tmp_path):
    folder = tmp_path / "installation"
    folder.mkdir()
    with start_server() as server:
        engine = {**server, "LEADS_TARGET": "postgres"}
        publish_first_day(folder, engine=engine)
        shutil.copytree(day / "all", folder / "all")
        assert score(folder, TODAY, MORNING, engine=engine) == 0
        for cut in CUTS:
            assert score(folder, TODAY, cut, "--intraday", engine=engine) == 0
        published = read_published(folder)
        assert published == read_published(day)
        with attach_postgres(locate_postgres(engine), is_read_only=True) as reader:
            reader.execute("use warehouse.main")
            assert reader.execute(HAND_OVERS).fetchall() == read_hand_overs(day)
            assert read_messages(reader) == read_sent(day)
            reader.execute("use warehouse.published")
            for mart in published.keys() - {"score_health"}:
                assert read_mart(reader, mart) == published[mart], mart
        assert score(folder, TODAY, EVENING, engine=engine) == 0
        assert read_published(folder) == read_published(evening)
        with attach_postgres(locate_postgres(engine), is_read_only=True) as reader:
            assert read_messages(reader) == read_sent(evening)


@pytest.mark.parametrize("target", ["duckdb", "postgres"])
def test_where_raw_tables_lie_in_the_warehouse_the_day_is_the_same(day, tmp_path, target):
    shutil.copytree(day / "all", tmp_path / "all")
    prepare_dagster(tmp_path)
    runs = [(FIRST_DAYS, datetime(2026, 6, 28)), (TODAY, MORNING)]
    runs += [(TODAY, cut, "--intraday") for cut in CUTS]
    with start_server() if target == "postgres" else nullcontext({}) as server:
        engine = {**server, "LEADS_TARGET": target}
        since = datetime(1970, 1, 1)
        for as_of, until, *options in runs:
            loaded = f"_loaded_at >= timestamp '{since}' and _loaded_at < timestamp '{until}'"
            with open_for_loader(tmp_path, engine) as connection:
                land_in_warehouse(tmp_path / "all", connection, loaded)
            assert start(tmp_path, as_of, engine=engine, arguments=("run", *options)) == 0
            since = until
        with open_for_loader(tmp_path, engine) as connection:
            assert connection.execute(HAND_OVERS).fetchall() == read_hand_overs(day)
    published = read_published(tmp_path)
    expected = read_published(day)
    for mart in (*LEAD_MARTS, HAND_OVER_RULES):
        assert published[mart] == expected[mart], mart
    late = f"from '{day}/all/web/events.parquet' where visitor_id = 'late'"
    [(lead_id,)] = duckdb.sql(
        f"select distinct lead_id from {find_emails(day / 'all')} where email in"
        f" (select email {late})"
    ).fetchall()
    assert lead_id in [row[0] for row in published["intraday_leads"]]


@contextmanager
def open_for_loader(folder: Path, engine: dict[str, str]) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse as a loader has it, between two runs."""
    if engine["LEADS_TARGET"] == "duckdb":
        with duckdb.connect(str(folder / "leads.duckdb")) as connection:
            yield connection
        return
    with attach_postgres(locate_postgres(engine)) as connection:
        connection.execute("create schema if not exists warehouse.main")
        connection.execute("use warehouse.main")
        yield connection


def read_messages(reader: duckdb.DuckDBPyConnection) -> dict[str, str]:
    sql = "select idempotency_key, state from warehouse.outbox.messages"
    return dict(reader.execute(sql).fetchall())
