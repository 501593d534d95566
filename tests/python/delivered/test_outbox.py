"""What belongs here: what the outbox keeps of each message, whoever works with it at the same time
and whoever is killed over it."""

import multiprocessing
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from receivers import NOW

from orchestration.lib.delivered.outbox import (
    CLAIM_SECONDS,
    claim_message,
    count_messages,
    list_messages,
    mark_delivered,
    mark_failed,
    open_outbox,
    put_messages,
    read_states,
    replay_dead,
    restore_messages,
    withdraw_messages,
)

SECOND = timedelta(seconds=1)


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "leads.outbox.sqlite"


@pytest.fixture
def outbox(path):
    with open_outbox(path) as connection:
        yield connection


def claim_all(outbox, at=NOW) -> list[str]:
    keys = []
    while message := claim_message(outbox, at=at):
        keys.append(message.idempotency_key)
    return keys


def test_a_key_keeps_its_first_payload(outbox):
    assert put_messages(outbox, {"a": "1", "b": "2"}, at=NOW) == 2
    assert put_messages(outbox, {"b": "other", "c": "3"}, at=NOW + SECOND) == 1
    assert [message.payload for message in list_messages(outbox, "pending")] == ["1", "2", "3"]


def test_what_is_due_the_longest_comes_first_and_nothing_before_it_is_due(outbox):
    put_messages(outbox, {"later": ""}, at=NOW + SECOND)
    put_messages(outbox, {"b": "", "a": ""}, at=NOW)
    assert claim_all(outbox, at=NOW - SECOND) == []
    assert claim_all(outbox, at=NOW + SECOND) == ["a", "b", "later"]


def test_a_claim_is_for_one_alone_until_it_has_run_out(outbox):
    put_messages(outbox, {"a": ""}, at=NOW)
    first = claim_message(outbox, at=NOW)
    almost_over = NOW + timedelta(seconds=CLAIM_SECONDS) - SECOND
    assert claim_message(outbox, at=almost_over) is None
    second = claim_message(outbox, at=almost_over + SECOND)
    assert (first.attempts, second.attempts) == (1, 2)
    # The first one comes to itself: what it could not do is not held against the second.
    mark_failed(outbox, first, error="slow", next_attempt_at=None)
    assert read_states(outbox) == {"a": "pending"}
    mark_failed(outbox, second, error="refused", next_attempt_at=None)
    assert read_states(outbox) == {"a": "dead"}
    # But what it did is done.
    mark_delivered(outbox, first, at=NOW)
    assert read_states(outbox) == {"a": "delivered"}


def claim_as_process(path, start, keys) -> None:
    with open_outbox(path) as outbox:
        start.wait()
        keys.put(claim_all(outbox))


def test_two_processes_never_claim_the_same_message(path):
    with open_outbox(path) as outbox:
        put_messages(outbox, {f"k{n:03}": "" for n in range(200)}, at=NOW)
    context = multiprocessing.get_context("spawn")
    start, keys = context.Barrier(2), context.Queue()
    processes = [
        context.Process(target=claim_as_process, args=(path, start, keys)) for _ in range(2)
    ]
    for process in processes:
        process.start()
    claimed = [keys.get(timeout=60) for _ in processes]
    for process in processes:
        process.join()
    assert sorted(claimed[0] + claimed[1]) == [f"k{n:03}" for n in range(200)]


def test_what_was_withdrawn_is_not_sent_until_it_is_taken_back(outbox):
    put_messages(outbox, {"a": "", "b": "", "c": "", "d": ""}, at=NOW)
    delivered, dead = claim_message(outbox, at=NOW), claim_message(outbox, at=NOW)
    mark_delivered(outbox, delivered, at=NOW)
    mark_failed(outbox, dead, error="refused", next_attempt_at=None)
    withdraw_messages(outbox, dict.fromkeys("abc", "the lead is excluded"))
    assert read_states(outbox) == {
        "a": "delivered", "b": "withdrawn", "c": "withdrawn", "d": "pending",
    }  # fmt: skip
    assert [message.last_error for message in list_messages(outbox, "withdrawn")] == [
        "the lead is excluded"
    ] * 2
    assert claim_all(outbox) == ["d"]
    restore_messages(outbox, "ab")
    assert claim_all(outbox, at=NOW + timedelta(seconds=CLAIM_SECONDS)) == ["b", "d"]


def test_what_is_withdrawn_under_way_is_neither_sent_twice_at_once_nor_forgotten(outbox):
    put_messages(outbox, {"a": "", "b": ""}, at=NOW)
    a, b = claim_message(outbox, at=NOW), claim_message(outbox, at=NOW)
    withdraw_messages(outbox, {"a": "recycled", "b": "recycled"})
    mark_failed(outbox, b, error="busy", next_attempt_at=NOW + SECOND)
    assert claim_all(outbox, at=NOW + SECOND) == []
    restore_messages(outbox, ["a"])
    assert claim_all(outbox, at=NOW + SECOND) == []
    mark_delivered(outbox, a, at=NOW)
    assert read_states(outbox) == {"a": "delivered", "b": "withdrawn"}


def test_dead_ones_are_replayed_one_by_one_or_all(outbox):
    put_messages(outbox, dict.fromkeys("abcd", ""), at=NOW)
    for _ in "abc":
        mark_failed(outbox, claim_message(outbox, at=NOW), error="refused", next_attempt_at=None)
    assert count_messages(outbox) == {"dead": 3, "pending": 1}
    assert replay_dead(outbox, "b", at=NOW) == 1
    with pytest.raises(ValueError, match="The hand-over 'd' is pending, not dead: `leads outbox`"):
        replay_dead(outbox, "d", at=NOW)
    with pytest.raises(ValueError, match="The hand-over 'x' is not in the outbox"):
        replay_dead(outbox, "x", at=NOW)
    assert replay_dead(outbox, "all", at=NOW) == 2
    assert replay_dead(outbox, "all", at=NOW) == 0
    message = claim_message(outbox, at=NOW)
    assert (message.idempotency_key, message.attempts) == ("a", 1)


def test_a_file_that_cannot_be_used_is_a_sentence(path):
    path.write_text("no database at all, of more than a hundred characters" * 10)
    with pytest.raises(ValueError, match="cannot be used as the outbox .*: file is not a database"):  # noqa: SIM117
        with open_outbox(path):
            pass


def test_a_file_that_is_held_is_waited_for_and_then_a_sentence(path):
    with open_outbox(path) as outbox:
        put_messages(outbox, {"a": ""}, at=NOW)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("begin exclusive")
    with pytest.raises(ValueError, match="database is locked"):  # noqa: SIM117
        with open_outbox(path, wait_seconds=0.1) as outbox:
            claim_message(outbox, at=NOW)
    holder.close()
