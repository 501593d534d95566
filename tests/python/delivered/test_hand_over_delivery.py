"""What belongs here: that every hand-over to be sent reaches the receiver, under one key and with
one body, whatever is killed on the way and whoever delivers at the same time; and that no other
one does."""

import json
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from contextlib import nullcontext, suppress
from datetime import timedelta
from pathlib import Path
from unittest import mock

import dagster as dg
import duckdb
import pytest
from commands import run_leads
from fake_warehouse import AS_OF, build_warehouse, change
from hypothesis import given, settings
from hypothesis import strategies as st
from receivers import (
    NOW,
    PROJECT,
    SECRET,
    TOKEN,
    add_hand_over,
    answer_with,
    build_hand_overs,
    run_receiver,
)

from orchestration.definitions import defs
from orchestration.defs.hand_over import hand_over_sensor, released_hand_overs
from orchestration.defs.publish import published_marts
from orchestration.defs.resources import WarehouseLock
from orchestration.lib.delivered import delivery, webhook
from orchestration.lib.delivered import release as release_module
from orchestration.lib.delivered.delivery import (
    FAILURES_IN_A_ROW,
    LONGEST_QUIET_SECONDS,
    MAX_ATTEMPTS,
    deliver_due,
    describe_delivery,
    describe_outbox,
)
from orchestration.lib.delivered.outbox import (
    CLAIM_SECONDS,
    find_outbox,
    list_messages,
    open_outbox,
    read_states,
    replay_dead,
)
from orchestration.lib.delivered.release import release_hand_overs
from orchestration.lib.delivered.webhook import Webhook, judge

SETTINGS = (
    "LEADS_WEBHOOK_URL",
    "LEADS_WEBHOOK_SECRET",
    "LEADS_WEBHOOK_TIMEOUT",
    "LEADS_WEBHOOK_RECEIPT",
    "LEADS_AS_OF",
)


@pytest.fixture(autouse=True)
def without_settings(monkeypatch):
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def receiver():
    with run_receiver() as running:
        yield running


@pytest.fixture
def warehouse(tmp_path):
    return build_hand_overs(tmp_path / "leads.duckdb", ["L1", "L2", "L3"])


@pytest.fixture
def released(warehouse):
    """A warehouse with three hand-overs that are released."""
    release(warehouse)
    return warehouse


def release(warehouse, *, at=NOW):
    """Release, and how many were released, put, withdrawn and restored."""
    counts = release_hand_overs(warehouse, at=at)
    return tuple(counts[name] for name in ("released", "put", "withdrawn", "restored"))


def query(warehouse, sql):
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def read_outbox(warehouse):
    with open_outbox(find_outbox(warehouse)) as outbox:
        return read_states(outbox)


def find_message(warehouse, key, state="pending"):
    with open_outbox(find_outbox(warehouse)) as outbox:
        [message] = [row for row in list_messages(outbox, state) if row.idempotency_key == key]
    return message


def deliver(warehouse, receiver, *, after=timedelta(0), **options):
    """Deliver at a time `after` NOW; how many attempts left their message in which state."""
    return dict(deliver_fully(warehouse, receiver, after=after, **options).states)


def deliver_fully(warehouse, receiver, *, after=timedelta(0), **options):
    """Deliver at a time `after` NOW; all that came of it."""
    return deliver_due(
        find_outbox(warehouse), receiver.webhook, clock=lambda: NOW + after, **options
    )


def add(warehouse, lead_id, **options):
    with duckdb.connect(str(warehouse)) as connection:
        return add_hand_over(connection, lead_id, **options)


# Release


def test_what_is_released_is_marked_and_put_once(warehouse):
    assert release(warehouse) == (3, 3, 0, 0)
    assert query(warehouse, "select distinct released_at from hand_overs") == [
        (NOW.replace(tzinfo=None),)
    ]
    add(warehouse, "L1", number=2)
    later = NOW + timedelta(days=1)
    assert release(warehouse, at=later) == (1, 1, 0, 0)
    assert release(warehouse, at=later) == (0, 0, 0, 0)
    assert query(warehouse, "select count(*) from hand_overs where released_at > '2020-07-01'") == [
        (1,)
    ]


def test_the_payload_is_the_hand_over_and_nothing_of_the_person(released):
    payload = find_message(released, "b2b:L1:1").payload
    assert json.loads(payload) == {
        "schema_version": 1,
        "idempotency_key": "b2b:L1:1",
        "model_id": "b2b",
        "lead_id": "L1",
        "account_id": "A1",
        "hand_over_number": 1,
        "due_on": "2026-06-30",
        "tier": "sales",
        "grade": "B1",
        "action": "call from a seller",
        "sla_hours": 24,
        "score": 71.8442,
        "reasons": "+24 Met with a seller",
        "draw_probability": 0.02,
        "loaded_at": None,
        "scored_at": None,
        "released_at": "2020-06-30T06:00:00Z",
    }


@pytest.mark.parametrize(
    ("sql", "why_not"),
    [
        (
            "update scored_leads set is_excluded = true, exclusion_reason = 'Is a competitor'",
            "the lead is excluded: Is a competitor",
        ),
        ("delete from scored_leads", "the lead is no longer scored"),
        ("update hand_overs set recycled_on = '2026-06-30'", "recycled on 2026-06-30"),
    ],
)
def test_who_is_not_to_be_called_is_never_sent(warehouse, receiver, sql, why_not):
    change(warehouse, f"{sql} where lead_id = 'L1'")
    assert release_hand_overs(warehouse, at=NOW)["put"] == 2
    change(warehouse, f"{sql} where lead_id = 'L2'")
    receiver.replies = [400, 400]
    deliver(warehouse, receiver)
    assert set(read_outbox(warehouse).values()) == {"dead"}
    assert release_hand_overs(warehouse, at=NOW)["withdrawn"] == 1
    with open_outbox(find_outbox(warehouse)) as outbox:
        assert replay_dead(outbox, "all", at=NOW) == 1
    deliver(warehouse, receiver)
    assert read_outbox(warehouse) == {"b2b:L2:1": "withdrawn", "b2b:L3:1": "delivered"}
    assert find_message(warehouse, "b2b:L2:1", "withdrawn").last_error == why_not
    assert receiver.keys == ["b2b:L2:1", "b2b:L3:1", "b2b:L3:1"]


def test_an_exclusion_that_ends_lets_the_hand_over_go(released, receiver):
    change(released, "update scored_leads set is_excluded = true")
    assert release_hand_overs(released, at=NOW)["withdrawn"] == 3
    assert deliver(released, receiver) == {}
    change(released, "update scored_leads set is_excluded = false")
    assert release_hand_overs(released, at=NOW)["restored"] == 3
    assert deliver(released, receiver) == {"delivered": 3}


def test_a_hand_over_that_the_warehouse_no_longer_knows_is_withdrawn(released):
    change(released, "delete from hand_overs where lead_id = 'L1'")
    assert release_hand_overs(released, at=NOW)["withdrawn"] == 1
    message = find_message(released, "b2b:L1:1", "withdrawn")
    assert message.last_error == "the warehouse holds no such hand-over any more"


def run_killed(script, *arguments):
    """Run Python code that hangs where it prints, and kill it there."""
    process = subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "half way\n"
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=10)
    assert process.returncode == -signal.SIGKILL


HANG = """
import sys, time
from pathlib import Path
from orchestration.lib.delivered import delivery, release
from orchestration.lib.delivered.webhook import Webhook

def hang(*arguments, **options):
    print("half way", flush=True)
    time.sleep(60)
"""

KILLED_RELEASE = (
    HANG
    + """
release.put_messages = hang
release.release_hand_overs(Path(sys.argv[1]))
"""
)

KILLED_DELIVERY = (
    HANG
    + """
setattr(delivery, sys.argv[3], hang)
delivery.deliver_due(Path(sys.argv[1]), Webhook(sys.argv[2], "secret", 5))
"""
)


def test_a_release_that_is_killed_half_way_is_made_good_by_the_next_one(warehouse, receiver):
    run_killed(KILLED_RELEASE, warehouse)
    assert query(warehouse, "select count(*) from hand_overs where released_at is null") == [(0,)]
    assert read_outbox(warehouse) == {}
    assert release(warehouse) == (0, 3, 0, 0)
    assert deliver(warehouse, receiver) == {"delivered": 3}


# Delivery


def test_each_hand_over_is_sent_once(released, receiver):
    assert deliver(released, receiver) == {"delivered": 3}
    assert deliver(released, receiver, after=timedelta(days=365)) == {}
    assert receiver.keys == ["b2b:L1:1", "b2b:L2:1", "b2b:L3:1"]
    assert (
        receiver.requests[0].body.decode()
        == find_message(released, "b2b:L1:1", "delivered").payload
    )


def test_delivering_needs_no_warehouse_and_no_outbox(released, receiver, tmp_path):
    with duckdb.connect(str(released)) as writer:
        writer.execute("begin")
        assert deliver(released, receiver) == {"delivered": 3}
    assert deliver(tmp_path / "elsewhere" / "leads.duckdb", receiver) == {}


def test_a_server_error_is_tried_again_with_the_same_bytes(released, receiver):
    receiver.replies = [500]
    assert deliver(released, receiver) == {"pending": 1, "delivered": 2}
    assert find_message(released, "b2b:L1:1").last_error == "answered 500 Internal Server Error"
    assert deliver(released, receiver, after=timedelta(seconds=29)) == {}
    assert deliver(released, receiver, after=timedelta(seconds=60)) == {"delivered": 1}
    first, last = receiver.requests[0], receiver.requests[-1]
    assert (first.key, first.body) == (last.key, last.body)
    assert first.headers["X-Leads-Signature"] != last.headers["X-Leads-Signature"]


def test_an_answer_that_comes_too_late_is_followed_by_the_same_message(released, receiver):
    receiver.replies = [(200, 1.3)]
    assert deliver(released, receiver) == {"pending": 1, "delivered": 2}
    assert find_message(released, "b2b:L1:1").last_error == "no answer within 1 s"
    assert deliver(released, receiver, after=timedelta(minutes=1)) == {"delivered": 1}
    first, last = receiver.requests[0], receiver.requests[-1]
    assert (first.key, first.body) == (last.key, last.body) == ("b2b:L1:1", first.body)


def test_a_receiver_that_asks_for_quiet_gets_it(released, receiver):
    receiver.replies = [(429, {"Retry-After": "3600"}), (503, {"Retry-After": "99999999"})]
    assert deliver(released, receiver) == {"pending": 2, "delivered": 1}
    assert deliver(released, receiver, after=timedelta(seconds=3599)) == {}
    assert deliver(released, receiver, after=timedelta(seconds=3600)) == {"delivered": 1}
    a_day = timedelta(seconds=LONGEST_QUIET_SECONDS)
    assert deliver(released, receiver, after=a_day - timedelta(seconds=1)) == {}
    assert deliver(released, receiver, after=a_day) == {"delivered": 1}


@pytest.mark.parametrize(
    "reply",
    [503, 429, 302, (200, 1.3), answer_with(b"<html>", Content_Type="text/html")],
)
def test_a_receiver_that_is_down_costs_the_others_no_attempt(tmp_path, receiver, reply):
    warehouse = build_hand_overs(tmp_path / "many.duckdb", [f"L{n:03}" for n in range(50)])
    release(warehouse)
    receiver.replies = [reply] * FAILURES_IN_A_ROW
    stopped = deliver_fully(warehouse, receiver)
    assert (stopped.states, stopped.put_off) == ({"pending": 3}, 47)
    assert len(receiver.requests) == FAILURES_IN_A_ROW
    with open_outbox(find_outbox(warehouse)) as outbox:
        attempts = Counter(message.attempts for message in list_messages(outbox, "pending"))
    assert attempts == {1: 3, 0: 47}
    assert re.search(
        r" Stopped after 3 failures in a row, the last one: (answered|no answer) .*\."
        r" 47 more wait until 06:00:\d\d UTC and have lost no attempt\.$",
        describe_delivery(stopped).replace("06:01:00", "06:00:60"),
    )
    assert deliver(warehouse, receiver, after=timedelta(seconds=29)) == {}
    assert deliver(warehouse, receiver, after=timedelta(seconds=60)) == {"delivered": 50}


def test_what_concerns_one_message_does_not_stop_the_others(tmp_path, receiver):
    warehouse = build_hand_overs(tmp_path / "many.duckdb", [f"L{n:03}" for n in range(9)])
    release(warehouse)
    receiver.replies = [503, 503, 400, 503, 503, 422, 200, 503]
    delivery = deliver_fully(warehouse, receiver)
    assert (delivery.states, delivery.put_off) == ({"pending": 5, "dead": 2, "delivered": 2}, 0)


def test_a_receiver_that_is_down_and_asks_for_quiet_gets_it_for_all(tmp_path, receiver):
    warehouse = build_hand_overs(tmp_path / "many.duckdb", [f"L{n:03}" for n in range(9)])
    release(warehouse)
    receiver.replies = [(503, {"Retry-After": "600"})] * FAILURES_IN_A_ROW
    assert deliver_fully(warehouse, receiver).put_off == 6
    assert deliver(warehouse, receiver, after=timedelta(seconds=599)) == {}
    assert deliver(warehouse, receiver, after=timedelta(seconds=600)) == {"delivered": 9}


def test_what_fails_eight_times_is_dead_until_it_is_replayed(released, receiver):
    receiver.replies = [503] * 3 * MAX_ATTEMPTS
    waits = [deliver(released, receiver, after=timedelta(days=day)) for day in range(MAX_ATTEMPTS)]
    assert waits == [{"pending": 3}] * (MAX_ATTEMPTS - 1) + [{"dead": 3}]
    assert deliver(released, receiver, after=timedelta(days=99)) == {}
    with open_outbox(find_outbox(released)) as outbox:
        replay_dead(outbox, "b2b:L2:1", at=NOW)
    assert deliver(released, receiver) == {"delivered": 1}
    assert len(receiver.requests) == 3 * MAX_ATTEMPTS + 1


def test_what_is_refused_is_dead_at_once_until_it_is_replayed(released, receiver):
    receiver.replies = [400, 409]
    assert deliver(released, receiver) == {"dead": 1, "delivered": 2}
    assert deliver(released, receiver, after=timedelta(days=99)) == {}
    assert describe_outbox(find_outbox(released)) == [
        "pending           0",
        "delivered         2",
        "withdrawn         0",
        "dead              1",
        "  b2b:L1:1  1 attempt  answered 400 Bad Request",
        "`leads redeliver KEY` (or `all`) sends them again.",
    ]
    with open_outbox(find_outbox(released)) as outbox:
        replay_dead(outbox, "all", at=NOW)
    assert deliver(released, receiver) == {"delivered": 1}
    first, last = receiver.requests[0], receiver.requests[-1]
    assert (first.key, first.body) == (last.key, last.body)


@pytest.mark.parametrize("moment", ["send", "mark_delivered"])
def test_a_delivery_that_is_killed_is_repeated_with_the_same_key(released, receiver, moment):
    outbox = find_outbox(released)
    run_killed(KILLED_DELIVERY, outbox, receiver.url, moment)
    assert receiver.keys == {"send": [], "mark_delivered": ["b2b:L1:1"]}[moment]
    assert set(read_outbox(released).values()) == {"pending"}
    # The others need not wait for the claim to run out.
    real_now = delivery.read_clock() - NOW
    assert deliver(released, receiver, after=real_now) == {"delivered": 2}
    claim = timedelta(seconds=CLAIM_SECONDS)
    assert deliver(released, receiver, after=real_now + claim) == {"delivered": 1}
    assert set(read_outbox(released).values()) == {"delivered"}
    bodies = [request.body for request in receiver.requests if request.key == "b2b:L1:1"]
    assert len(bodies) == {"send": 1, "mark_delivered": 2}[moment] and len(set(bodies)) == 1


DELIVERER = """
import sys
from pathlib import Path
from orchestration.lib.delivered.delivery import deliver_due
from orchestration.lib.delivered.webhook import Webhook
print("ready", flush=True)
sys.stdin.readline()
print(deliver_due(Path(sys.argv[1]), Webhook(sys.argv[2], "secret", 5)).states["delivered"])
"""


def test_two_deliverers_at_once_share_the_work_and_never_a_message(tmp_path, receiver):
    warehouse = build_hand_overs(tmp_path / "many.duckdb", [f"L{n:03}" for n in range(60)])
    release_hand_overs(warehouse, at=NOW)
    receiver.seconds = 0.02
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", DELIVERER, str(find_outbox(warehouse)), receiver.url],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    assert [process.stdout.readline() for process in processes] == ["ready\n"] * 2
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    counts = [int(process.communicate(timeout=60)[0]) for process in processes]
    assert min(counts) > 0 and sum(counts) == 60
    assert len(receiver.keys) == len(set(receiver.keys)) == 60


# Law


class Killed(BaseException):
    """Ends a release or a delivery as a kill does: nothing is tidied up after it."""


def raise_killed(*_arguments, **_options):
    raise Killed


steps = st.one_of(
    st.tuples(st.just("add"), st.sampled_from("abc")),
    st.tuples(st.just("release"), st.sampled_from(["", "kill"])),
    st.tuples(st.just("rescore"), st.sampled_from("abc")),
    st.tuples(st.just("exclude"), st.sampled_from("abc")),
    st.tuples(st.just("include"), st.sampled_from("abc")),
    st.tuples(
        st.just("deliver"),
        st.lists(
            st.sampled_from([200, 409, 500, 400, "kill before", "kill after"]),
            min_size=1,
            max_size=4,
        ),
    ),
    st.tuples(st.just("wait"), st.sampled_from([1, 60, 400, 100_000])),
    st.tuples(st.just("replay"), st.none()),
)


class World:
    """A warehouse, its outbox, a clock, and a receiver that keeps what it got."""

    def __init__(self, folder: Path):
        self.warehouse = build_hand_overs(folder / "leads.duckdb")
        self.change(
            "insert into scored_leads from (values ('b2b', 'a', false, null),"
            " ('b2b', 'b', false, null), ('b2b', 'c', false, null))"
        )
        self.outbox = find_outbox(self.warehouse)
        self.now = NOW
        self.numbers = defaultdict(int)
        self.excluded = set()
        self.excluded_at_release = set()
        self.bodies = defaultdict(set)
        self.replies = []

    def send(self, _webhook, *, idempotency_key, payload, at):
        reply = self.replies.pop(0) if self.replies else 200
        lead_id = json.loads(payload)["lead_id"]
        assert lead_id not in self.excluded_at_release
        if reply == "kill before":
            raise Killed
        self.bodies[idempotency_key].add(payload)
        if reply == "kill after":
            raise Killed
        return judge(reply)

    def add(self, lead_id):
        self.numbers[lead_id] += 1
        add(self.warehouse, lead_id, number=self.numbers[lead_id])

    def release(self, kill):
        patch = mock.patch.object(release_module, "put_messages", raise_killed)
        with patch if kill else nullcontext(), suppress(Killed):
            release_hand_overs(self.warehouse, at=self.now)
        # What is withdrawn stands in the outbox before anything is put into it.
        self.excluded_at_release = set(self.excluded)

    def rescore(self, lead_id):
        self.change(f"update hand_overs set score = score + 1 where lead_id = '{lead_id}'")

    def exclude(self, lead_id):
        self.excluded.add(lead_id)
        self.change(f"update scored_leads set is_excluded = true where lead_id = '{lead_id}'")

    def include(self, lead_id):
        self.excluded.discard(lead_id)
        self.change(f"update scored_leads set is_excluded = false where lead_id = '{lead_id}'")

    def change(self, sql):
        change(self.warehouse, sql)

    def deliver(self, replies):
        self.replies = list(replies)
        with mock.patch.object(delivery, "send", self.send), suppress(Killed):
            deliver_due(self.outbox, Webhook("http://x", "y"), clock=lambda: self.now)

    def wait(self, seconds):
        self.now += timedelta(seconds=seconds)

    def replay(self, _nothing):
        with open_outbox(self.outbox) as outbox:
            replay_dead(outbox, "all", at=self.now)


@settings(max_examples=25, deadline=None)
@given(st.lists(steps, max_size=15))
def test_law_every_key_is_delivered_and_none_with_two_bodies(sequence):
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        for name, value in sequence:
            getattr(world, name)(value)
        # In the end nobody is excluded, kills nor refuses.
        for lead_id in set(world.excluded):
            world.include(lead_id)
        world.release("")
        world.wait(LONGEST_QUIET_SECONDS)
        world.replay(None)
        world.deliver([])
        keys = {
            f"b2b:{lead}:{n + 1}" for lead, count in world.numbers.items() for n in range(count)
        }
        assert set(world.bodies) == keys
        assert {len(bodies) for bodies in world.bodies.values()} <= {1}
        assert set(read_outbox(world.warehouse).values()) <= {"delivered"}


# Dagster


def shift_days(warehouse, days):
    """Have the tables of the warehouse speak for another day."""
    tables = ("intermediate.int_as_of_dates", "lead_scores", "lead_tiers", "scored_leads")
    change(warehouse, "".join(f"update {t} set as_of_date = as_of_date + {days};" for t in tables))


def publish_by_dagster(warehouse, as_of):
    """The last two steps of a run of one day; returns what each tells."""
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(
            [published_marts, released_hand_overs],
            instance=instance,
            partition_key=str(as_of),
            resources={"warehouse_lock": WarehouseLock(wait_seconds=1)},
        )
    told = []
    for step in ("published_marts", "released_hand_overs"):
        [made] = result.asset_materializations_for_node(step)
        told.append({name: value.value for name, value in made.metadata.items()})
    return told


def test_only_the_run_whose_publication_is_live_releases(tmp_path, monkeypatch):
    warehouse = build_warehouse(tmp_path / "leads.duckdb", leads=300)
    change(warehouse, "delete from hand_overs")
    monkeypatch.setenv("LEADS_WAREHOUSE", str(warehouse))
    monkeypatch.setenv("LEADS_PUBLISHED", str(tmp_path / "published"))
    # Of this made-up population every 25th is excluded.
    build_hand_overs(warehouse, ["L000024", "L000025"])
    _, release = publish_by_dagster(warehouse, AS_OF)
    assert (release["released"], release["put"]) == (2, 1)
    assert read_outbox(warehouse) == {"b2b:L000024:1": "pending"}
    add(warehouse, "L000026")
    shift_days(warehouse, -1)
    publication, release = publish_by_dagster(warehouse, AS_OF - timedelta(days=1))
    assert list(publication) == ["not_published"]
    assert list(release) == ["not_released"]
    assert query(warehouse, "select lead_id from hand_overs where released_at is null") == [
        ("L000026",)
    ]
    shift_days(warehouse, 1)
    _, release = publish_by_dagster(warehouse, AS_OF)
    assert (release["released"], release["put"]) == (1, 1)


def test_dagster_releases_after_the_publication_and_delivers_twice_a_minute():
    definitions = defs()
    graph = definitions.resolve_asset_graph()
    node = graph.get(dg.AssetKey("released_hand_overs"))
    assert node.parent_keys == {dg.AssetKey("published_marts")}
    sensor = definitions.resolve_sensor_def("hand_over_sensor")
    assert sensor.minimum_interval_seconds == 30
    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING


def tick():
    """One real evaluation of the sensor: what it says."""
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_sensor_context(instance=instance)
        result = hand_over_sensor.evaluate_tick(context)
    assert not result.run_requests
    return result.skip_message


def test_the_sensor_delivers_what_is_due_and_is_off_without_a_receiver(
    released, receiver, monkeypatch
):
    monkeypatch.setenv("LEADS_WAREHOUSE", str(released))
    assert tick().startswith("LEADS_WEBHOOK_URL is not set, so hand-overs wait in the outbox: ")
    monkeypatch.setenv("LEADS_WEBHOOK_URL", receiver.url)
    with pytest.raises(Exception, match="LEADS_WEBHOOK_URL is set and LEADS_WEBHOOK_SECRET is not"):
        tick()
    monkeypatch.setenv("LEADS_WEBHOOK_SECRET", SECRET)
    receiver.replies = [503, 400]
    assert tick().startswith("Delivered 1; to be tried again 1; dead 1.")
    # Nobody has looked at it yet.
    assert tick() == (
        "Delivered 0; to be tried again 0; dead 0. In all 1 dead: `leads outbox` says why."
    )


def test_a_tick_stops_in_time_and_leaves_the_rest_to_the_next_one(released, receiver):
    receiver.seconds = 0.3
    assert deliver(released, receiver, max_seconds=0.4) == {"delivered": 2}
    assert deliver(released, receiver, max_seconds=0.4) == {"delivered": 1}


# Commands


def test_the_commands_show_deliver_and_redeliver(released, receiver):
    there = {"webhook_url": receiver.url, "webhook_secret": SECRET, "webhook_timeout": 1}
    assert run_leads("outbox", warehouse=released).stdout.splitlines()[0] == (
        "pending           3  the next one due at 2020-06-30 06:00:00 UTC"
    )
    refused = run_leads("deliver", warehouse=released)
    assert refused.returncode == 2
    assert refused.stderr.startswith("LEADS_WEBHOOK_URL and LEADS_WEBHOOK_SECRET are not set")
    receiver.replies = [400, (200, 1.5)]
    delivered = run_leads("deliver", warehouse=released, **there)
    assert delivered.stdout.splitlines()[0] == "Delivered 1; to be tried again 1; dead 1."
    assert "  b2b:L1:1  1 attempt  answered 400 Bad Request" in delivered.stdout
    unknown = run_leads("redeliver", "b2b:L3:1", warehouse=released)
    assert unknown.returncode == 2
    assert unknown.stderr == (
        "The hand-over 'b2b:L3:1' is delivered, not dead: `leads outbox` lists the dead ones; "
        "`all` takes every one of them.\n"
    )
    assert run_leads("redeliver", "all", warehouse=released).stdout.startswith(
        "To be sent again: 1.\n"
    )
    last = run_leads("deliver", warehouse=released, **there)
    assert last.stdout.splitlines()[0] == "Delivered 1; to be tried again 0; dead 0."
    # The receiver has said the secret in every answer; it went no further.
    told = [done.stdout + done.stderr for done in (refused, delivered, unknown, last)]
    with sqlite3.connect(find_outbox(released)) as outbox:
        told += outbox.iterdump()
    for file in released.parent.iterdir():
        told.append(file.read_bytes().decode(errors="replace"))
    assert not [text for text in told if SECRET in text or TOKEN in text]


def test_before_anything_is_released_the_commands_say_so(tmp_path):
    nowhere = tmp_path / "leads.duckdb"
    for command in (["outbox"], ["redeliver", "all"]):
        done = run_leads(*command, warehouse=nowhere)
        assert done.stdout == "Nothing has been released yet: `leads run` does it.\n"
    assert list(tmp_path.iterdir()) == []


def test_the_settings_of_a_receiver_are_none_of_dbts(monkeypatch, receiver):
    from orchestration.lib.basics.settings import list_settings, load_settings

    monkeypatch.setenv("LEADS_WEBHOOK_URL", receiver.url)
    monkeypatch.setenv("LEADS_WEBHOOK_SECRET", SECRET)
    assert webhook.load_webhook() is not None
    assert not {name for name in list_settings(load_settings()) if "WEBHOOK" in name}
