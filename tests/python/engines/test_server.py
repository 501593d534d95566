"""What belongs here: a warehouse on a server as a run meets it: held by another run, cut off on the
way, not there, or with something in the publication's place."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import duckdb
import pytest
from postgres_server import start_server

from orchestration.lib.basics.outcomes import Unusable, WrongUse
from orchestration.lib.basics.postgres import locate_postgres, open_session
from orchestration.lib.basics.settings import load_settings
from orchestration.lib.basics.warehouse import (
    check_warehouse,
    hold_warehouse,
    is_on_server,
    locate_warehouse,
    open_warehouse,
)
from orchestration.lib.delivered.outbox import (
    claim_message,
    find_outbox,
    mark_delivered,
    open_outbox,
    put_messages,
    read_states,
)
from orchestration.lib.intraday.watch import find_newest, take_mark
from orchestration.lib.published.on_server import drop_on_server, show_on_server
from orchestration.lib.published.publication import MARTS


@pytest.fixture(scope="module")
def server():
    with start_server() as variables:
        yield variables


@pytest.fixture
def warehouse(server, tmp_path, monkeypatch):
    """The path that the database goes by."""
    path = tmp_path / "leads.duckdb"
    for name, value in {**server, "LEADS_TARGET": "postgres", "LEADS_WAREHOUSE": path}.items():
        monkeypatch.setenv(name, str(value))
    ask("create schema if not exists main")
    return path


def ask(statement):
    with open_session(locate_postgres()) as session, session.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else None


def list_schemas():
    found = ask("select nspname from pg_namespace where nspname like 'published%' order by 1")
    return [name for (name,) in found]


def test_the_path_of_the_settings_stands_for_the_database_and_no_other_does(warehouse, tmp_path):
    assert is_on_server(warehouse)
    assert not is_on_server(tmp_path / "scratch" / "leads.duckdb")
    check_warehouse(warehouse)
    assert not warehouse.exists()


def test_a_second_run_is_kept_out_whatever_machine_it_is_on(warehouse, tmp_path, monkeypatch):
    with hold_warehouse(warehouse):
        # Another machine has another path, and so another lock file.
        elsewhere = tmp_path / "elsewhere.duckdb"
        monkeypatch.setenv("LEADS_WAREHOUSE", str(elsewhere))
        with pytest.raises(Unusable, match="Another run is at work in the database"):
            hold_warehouse(elsewhere, wait_seconds=0.3).__enter__()
    with hold_warehouse(elsewhere, wait_seconds=0.3):
        pass


def test_a_lost_connection_is_said_and_leaves_everything_as_it_was(warehouse):
    ask("create table main.kept as select 1 as one")
    with (
        pytest.raises(Unusable, match="was lost on the way.*run again"),
        open_warehouse(warehouse) as connection,
    ):
        connection.execute("begin")
        connection.execute("delete from kept")
        ask(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
        connection.execute("insert into kept values (2)")
    assert ask("select one from main.kept") == [(1,)]


@pytest.mark.parametrize(
    ("variable", "value"),
    [("LEADS_POSTGRES_PASSWORD", "s3cret-of-nobody"), ("LEADS_POSTGRES_DATABASE", "nowhere")],
)
def test_a_database_that_cannot_be_reached_is_said_without_the_password(
    warehouse, monkeypatch, variable, value
):
    monkeypatch.setenv(variable, value)
    with pytest.raises(Unusable, match="cannot be reached: .*_DATABASE say where it is") as raised:
        check_warehouse(warehouse)
    assert "s3cret" not in str(raised.value)


def test_two_machines_have_one_outbox_and_send_each_message_once(warehouse, tmp_path, monkeypatch):
    at = datetime(2026, 6, 30, 6, tzinfo=UTC)
    monkeypatch.setenv("LEADS_WAREHOUSE", str(tmp_path / "here" / "leads.duckdb"))
    # What an earlier version kept beside a machine is taken over.
    file = find_outbox(locate_warehouse())
    file.parent.mkdir()
    with monkeypatch.context() as before:
        before.setenv("LEADS_TARGET", "duckdb")
        with open_outbox(file) as outbox:
            put_messages(outbox, {"sent": "{}"}, at=at)
            mark_delivered(outbox, claim_message(outbox, at=at), at=at)
    keys = [f"k{n}" for n in range(20)]
    with open_outbox(file) as outbox:
        assert put_messages(outbox, {**dict.fromkeys(keys, "50 %?"), "sent": "{}"}, at=at) == 20
    monkeypatch.setenv("LEADS_WAREHOUSE", str(tmp_path / "there" / "leads.duckdb"))
    elsewhere = find_outbox(locate_warehouse())

    def send_all(_):
        sent = []
        with open_outbox(elsewhere) as outbox:
            while message := claim_message(outbox, at=at):
                assert message.payload == "50 %?"
                mark_delivered(outbox, message, at=at)
                sent.append(message.idempotency_key)
        return sent

    with ThreadPoolExecutor(4) as pool:
        rounds = [key for _ in range(20) for sent in pool.map(send_all, range(4)) for key in sent]
    assert sorted(rounds) == sorted(keys)
    with open_outbox(elsewhere) as outbox:
        assert set(read_states(outbox).values()) == {"delivered"} and len(read_states(outbox)) == 21
    assert not elsewhere.exists()
    with (
        pytest.raises(Unusable, match='says: relation "nowhere"'),
        open_outbox(elsewhere) as outbox,
    ):
        outbox.execute("select nothing from nowhere")


def publish(folder, publication_id):
    """A publication of one mart, whose row says which it is."""
    place = folder / publication_id
    place.mkdir()
    with duckdb.connect(str(place / "leads.duckdb")) as connection:
        connection.execute(f"create table scored_leads as select '{publication_id}' as lead_id")
    return place


def test_the_live_publication_is_switched_kept_and_gone_back_to(warehouse, tmp_path, monkeypatch):
    ask("create role bi login")
    monkeypatch.setenv("LEADS_POSTGRES_READERS", "bi, leads")
    folders = [publish(tmp_path, f"20260{n}30T060000Z-0a1b2c") for n in (4, 5, 6)]
    for folder in folders:
        show_on_server(warehouse, folder, ["scored_leads"])
        assert ask("select * from published.scored_leads") == [(folder.name,)]
    assert list_schemas() == [
        "published", "published_20260430t060000z_0a1b2c", "published_20260530t060000z_0a1b2c",
    ]  # fmt: skip
    assert ask("set role bi; select * from published.scored_leads") == [(folders[2].name,)]
    # Back to one that is kept, and to one that the database has no more.
    show_on_server(warehouse, folders[1], ["scored_leads"])
    drop_on_server([folders[1].name])
    show_on_server(warehouse, folders[0], ["scored_leads"])
    assert ask("select * from published.scored_leads") == [(folders[0].name,)]
    assert list_schemas() == ["published", "published_20260530t060000z_0a1b2c"]
    ask("drop schema published cascade")
    ask("create schema published")
    with pytest.raises(WrongUse, match="is in the way"):
        show_on_server(warehouse, folders[2], MARTS)


def test_what_loads_into_raw_tables_is_noticed_and_no_row_is_read_for_it(
    warehouse, tmp_path, monkeypatch
):
    ask(
        """
        create schema crm; create schema web; create schema email; create schema loader;
        create table crm.leads (lead_id text, _loaded_at timestamptz);
        create table web.events (event_id text, _loaded_at timestamp) partition by list (event_id);
        create table web.first_events partition of web.events for values in ('e');
        create table loader.sent (event_id text, _loaded_at timestamp);
        create view email.events as select * from loader.sent;
        """
    )
    monkeypatch.setenv("LEADS_AS_OF", "2026-06-30")
    monkeypatch.setenv("LEADS_PUBLISHED", str(tmp_path / "published"))
    settings = load_settings()
    for table in ("crm.leads", "web.events", "loader.sent"):
        before = take_mark(settings)
        asked = find_newest.cache_info().misses
        ask("create table if not exists main.results (n int); insert into main.results values (1)")
        assert take_mark(settings) == before
        assert find_newest.cache_info().misses == asked
        ask(f"insert into {table} values ('e', '2026-06-30 10:00:00')")
        started = time.monotonic()
        # The server may count it a moment later.
        while take_mark(settings) == before:
            assert time.monotonic() - started < 20
            time.sleep(0.2)
    # What was touched and loaded nothing is looked at once, and is no load.
    before = take_mark(settings)
    ask("update crm.leads set lead_id = lead_id")
    time.sleep(1)
    assert take_mark(settings) == before
