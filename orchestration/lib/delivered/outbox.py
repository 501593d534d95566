"""What belongs here: the outbox. What is to be sent to which receiver, and what became of it, in a
SQLite file beside the warehouse, so that whoever delivers never waits for DuckDB's lock. Where the
warehouse is on a server it is tables there, so that two machines send nothing twice.

There is one message per idempotency key. Of a hand-over, which goes to the webhook, the payload
never changes; of a record of a CRM it is replaced (records.py). Its states:

    pending      to be sent, not before next_attempt_at
    delivered    the receiver has it; stays so
    dead         the receiver refused it, or too many attempts failed; pending again when replayed
    withdrawn    not to be sent any more; pending again where that is taken back

Who sends a message claims it first, which puts next_attempt_at off: nobody else sees it in the
meantime, and if the process is killed it is due again by itself.
"""

import json
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

from orchestration.lib.basics.warehouse import (
    Statements,
    is_on_server,
    locate_warehouse,
    open_statements,
)

# Another process has the file for milliseconds at a time.
WAIT_SECONDS = 20.0

# How long a claim holds: far longer than one POST takes, so that it runs out for killed processes
# alone.
CLAIM_SECONDS = 300.0

TABLE = """
create table if not exists {messages} (
    idempotency_key text not null primary key,
    payload text not null,
    state text not null check (state in ('pending', 'delivered', 'dead', 'withdrawn')),
    attempts integer not null,
    next_attempt_at text not null,
    claim text,
    last_error text,
    created_at text not null,
    delivered_at text
);
create table if not exists {receivers} (
    receiver text not null primary key,
    plan text not null,
    left_out text not null,
    quiet_until text
);
"""

# They came later than the others, when records were written into a CRM.
NEW_COLUMNS = {
    "receiver": "text not null default 'webhook'",
    "record_id": "text",
    "accepted": "text",
    "in_doubt": "text",
}

INDEX = """
drop index if exists messages_due;
create index if not exists messages_to_send
    on messages (receiver, state, next_attempt_at, idempotency_key);
create index if not exists messages_claimed on messages (claim) where claim is not null;
"""

WEBHOOK = "webhook"


@dataclass(frozen=True)
class Message:
    """One row of the outbox. Times are UTC, as text; `attempts` counts those since it was put or
    replayed, with the one under way; `claim` is who is at it, or was last. The last four are
    records.py's, but for `receiver`."""

    idempotency_key: str
    payload: str
    state: str
    attempts: int
    next_attempt_at: str
    claim: str | None
    last_error: str | None
    created_at: str
    delivered_at: str | None
    receiver: str = WEBHOOK
    record_id: str | None = None
    accepted: str | None = None
    in_doubt: str | None = None


COLUMNS = ", ".join(column.name for column in fields(Message))


# On a server it has a schema of its own: dbt knows nothing of it. One machine alone makes it.
MAKE_ON_SERVER = f"""
select pg_advisory_xact_lock(7310584222520);
create schema if not exists outbox;
{TABLE.format(messages="outbox.messages", receivers="outbox.receivers")}
{
    " ".join(
        f"alter table outbox.messages add column if not exists {name} {kind};"
        for name, kind in NEW_COLUMNS.items()
    )
}
set local search_path to outbox;
{INDEX}
"""

Outbox = sqlite3.Connection | Statements


def keep_writers_out(connection: Outbox) -> None:
    """Within a transaction: have nobody else write until it ends, so that what was read holds."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("begin immediate")
    else:
        connection.execute("lock table messages in share row exclusive mode")


def find_outbox(warehouse: Path) -> Path:
    """Where the outbox of the warehouse lies.

    >>> find_outbox(Path("warehouse/leads.duckdb")).as_posix()
    'warehouse/leads.outbox.sqlite'
    """
    return warehouse.with_suffix(".outbox.sqlite")


def lies_on_server(path: Path) -> bool:
    """Whether the outbox that goes by `path` is a table in the database on a server."""
    warehouse = locate_warehouse()
    return is_on_server(warehouse) and path == find_outbox(warehouse)


def has_outbox(path: Path) -> bool:
    """Whether there is an outbox already: a database on a server always has one."""
    return lies_on_server(path) or path.is_file()


@contextmanager
def open_outbox(path: Path, *, wait_seconds: float = WAIT_SECONDS) -> Iterator[Outbox]:
    """A connection to the outbox at `path`, made where there is none, and closed when the block
    ends. Raises ValueError where it cannot be used, or another process holds it longer than
    `wait_seconds`."""
    if lies_on_server(path):
        with open_statements() as statements:
            if statements.execute("select to_regclass('outbox.messages')").fetchone()[0] is None:
                with statements:
                    statements.execute(MAKE_ON_SERVER)
                    take_over_file(statements, path)
            statements.execute("set search_path to outbox")
            yield statements
        return
    try:
        with closing(sqlite3.connect(path, timeout=wait_seconds)) as connection:
            connection.execute("pragma secure_delete = on")
            connection.executescript(TABLE.format(messages="messages", receivers="receivers"))
            add_columns(connection)
            connection.executescript(INDEX)
            yield connection
    except sqlite3.Error as error:
        raise ValueError(
            f"{path} cannot be used as the outbox of the hand-overs: {error}. Close it where it is "
            "open and see that there is space; if it is damaged, put back a copy of it."
        ) from error


def take_over_file(statements: Statements, path: Path) -> None:
    """Copy what an earlier version has kept in a file of this machine into the new table on the
    server, so that what is delivered is not sent again."""
    if path.is_file():
        with closing(sqlite3.connect(path)) as file:
            rows = file.execute(
                "select idempotency_key, payload, state, attempts, next_attempt_at, claim,"
                " last_error, created_at, delivered_at from messages"
            ).fetchall()
        statements.executemany(
            "insert into outbox.messages (idempotency_key, payload, state, attempts,"
            " next_attempt_at, claim, last_error, created_at, delivered_at)"
            " values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing",
            rows,
        )


def add_columns(connection: sqlite3.Connection) -> None:
    """Give a new or older outbox the columns that it lacks."""
    there = {name for _, name, *_ in connection.execute("pragma table_info(messages)")}
    for name in NEW_COLUMNS.keys() - there:
        # Another process may have been quicker.
        with suppress(sqlite3.OperationalError):
            connection.execute(f"alter table messages add column {name} {NEW_COLUMNS[name]}")


def put_messages(connection: Outbox, payloads: Mapping[str, str], *, at: datetime) -> int:
    """Add a pending message per idempotency key of `payloads`, due at once; returns how many. A key
    that is there already keeps the message it has."""
    now = write_time(at)
    before = connection.total_changes
    with connection:
        connection.executemany(
            """
            insert into messages
                (idempotency_key, payload, state, attempts, next_attempt_at, created_at)
            values (?, ?, 'pending', 0, ?, ?)
            on conflict do nothing
            """,
            [(key, payload, now, now) for key, payload in payloads.items()],
        )
    return connection.total_changes - before


def put_undecided(
    connection: Outbox, payloads: Mapping[str, str], *, error: str, at: datetime
) -> None:
    """Add a dead message per idempotency key of `payloads`, with the `error` as the reason: whether
    it is to be sent is for a person to say. A key that is there already keeps its message."""
    with connection:
        connection.executemany(
            """
            insert into messages
                (idempotency_key, payload, state, attempts, next_attempt_at, last_error, created_at)
            values (?, ?, 'dead', 0, ?, ?, ?)
            on conflict do nothing
            """,
            [(key, text, write_time(at), error, write_time(at)) for key, text in payloads.items()],
        )


def claim_message(
    connection: Outbox, *, at: datetime, claim_seconds: float = CLAIM_SECONDS
) -> Message | None:
    """The pending message to the webhook that has been due the longest at `at`, for this caller
    alone until `claim_seconds` are over; None where none is due."""
    claim = secrets.token_hex(8)
    with connection:
        # One statement: no other process comes between looking and taking. On a server it looks
        # again at what it has waited for, and finds it taken.
        connection.execute(
            """
            update messages
            set claim = ?, attempts = attempts + 1, next_attempt_at = ?
            where idempotency_key = (
                select idempotency_key
                from messages
                where receiver = 'webhook' and state = 'pending' and next_attempt_at <= ?
                order by next_attempt_at, idempotency_key
                limit 1
            )
            and state = 'pending' and next_attempt_at <= ?
            """,
            [claim, write_time(at + timedelta(seconds=claim_seconds)), *[write_time(at)] * 2],
        )
    found = connection.execute(
        f"select {COLUMNS} from messages where claim = ?", [claim]
    ).fetchone()
    return Message(*found) if found else None


def put_off_due(connection: Outbox, *, at: datetime, until: datetime) -> int:
    """Have the messages to the webhook that are due at `at` not sent before `until`, without an
    attempt; returns how many. Those that somebody is at are not due."""
    with connection:
        changed = connection.execute(
            "update messages set next_attempt_at = ?"
            " where receiver = 'webhook' and state = 'pending' and next_attempt_at <= ?",
            [write_time(until), write_time(at)],
        )
    return changed.rowcount


def mark_delivered(connection: Outbox, message: Message, *, at: datetime) -> None:
    """Note that the receiver has the message, whatever else became of it meanwhile."""
    with connection:
        connection.execute(
            """
            update messages
            set state = 'delivered', delivered_at = ?, claim = null, last_error = null
            where idempotency_key = ? and state <> 'delivered'
            """,
            [write_time(at), message.idempotency_key],
        )


def mark_failed(
    connection: Outbox,
    message: Message,
    *,
    error: str,
    next_attempt_at: datetime | None,
) -> None:
    """Note that the receiver did not take the message: it is due again at `next_attempt_at`, or
    dead where that is None. Does nothing where its claim has run out and another one has it, and
    leaves it withdrawn where it has been meanwhile."""
    if next_attempt_at is None:
        change, values = "state = case state when 'pending' then 'dead' else state end", []
    else:
        change, values = "next_attempt_at = ?", [write_time(next_attempt_at)]
    with connection:
        connection.execute(
            f"update messages set claim = null, last_error = ?, {change}"
            " where idempotency_key = ? and claim = ?",
            [error, *values, message.idempotency_key, message.claim],
        )


def withdraw_messages(connection: Outbox, reasons: Mapping[str, str]) -> None:
    """Have the messages of these idempotency keys not sent, for the reason beside each. Those that
    are delivered stay so."""
    with connection:
        connection.executemany(
            "update messages set state = 'withdrawn', last_error = ?"
            " where idempotency_key = ? and state in ('pending', 'dead')",
            [(reason, key) for key, reason in reasons.items()],
        )


def take_back_messages(connection: Outbox, keys: Sequence[str], *, reason: str) -> None:
    """Have the messages of these idempotency keys not sent, as if they had never been put: those
    that nobody has tried to send are gone. Of those that were tried the receiver may have one:
    they are withdrawn for `reason`, so that they never come with other bytes. Those that are
    delivered stay so."""
    with connection:
        connection.executemany(
            "delete from messages where idempotency_key = ? and state <> 'delivered'"
            " and attempts = 0 and claim is null and last_error is null",
            [(key,) for key in keys],
        )
    withdraw_messages(connection, dict.fromkeys(keys, reason))


def restore_messages(connection: Outbox, keys: Iterable[str]) -> None:
    """Have the withdrawn messages of these idempotency keys sent after all."""
    with connection:
        # next_attempt_at stays: who was at it when it was withdrawn may be at it still.
        connection.executemany(
            "update messages set state = 'pending', attempts = 0, last_error = null"
            " where idempotency_key = ? and state = 'withdrawn'",
            [(key,) for key in keys],
        )


def replay_dead(connection: Outbox, which: str, *, at: datetime) -> int:
    """Make the dead message of the idempotency key `which` pending again and due at `at`, or every
    dead one where it is `all`; returns how many. Raises ValueError where that one is not dead."""
    found = connection.execute(
        "select state, receiver from messages where idempotency_key = ?", [which]
    ).fetchone()
    state, receiver = found or ("", WEBHOOK)
    if which != "all" and state != "dead":
        what = "hand-over" if receiver == WEBHOOK else "record"
        words = f"is {state}, not dead" if found else "is not in the outbox"
        raise ValueError(
            f"The {what} {which!r} {words}: `leads outbox` lists the dead ones; `all` takes "
            "every one of them."
        )
    with connection:
        changed = connection.execute(
            "update messages set state = 'pending', attempts = 0, next_attempt_at = ?"
            " where state = 'dead' and ? in ('all', idempotency_key)",
            [write_time(at), which],
        )
    return changed.rowcount


def forget_messages(connection: Outbox, lead_ids: Sequence[str]) -> int:
    """Delete every message about these leads, whatever its state, and what a file has of their
    bytes; returns how many."""
    theirs = set(lead_ids)
    # Of a record of a CRM the key ends with its id there.
    records = {lead_id.rpartition(":")[2] for lead_id in lead_ids}
    messages = connection.execute(
        "select idempotency_key, payload, receiver from messages"
    ).fetchall()
    keys = [
        (key,)
        for key, payload, receiver in messages
        if (receiver == WEBHOOK and json.loads(payload).get("lead_id") in theirs)
        or (receiver != WEBHOOK and key.partition(":")[2] in records)
    ]
    with connection:
        connection.executemany("delete from messages where idempotency_key = ?", keys)
    if isinstance(connection, sqlite3.Connection):
        connection.execute("vacuum")
    return len(keys)


def empty_messages(connection: Outbox, *, before: datetime) -> int:
    """Empty the payloads of messages to the webhook that were delivered or withdrawn, and put
    `before` a time; the key and the state stay, so that nothing is sent twice. Returns how many."""
    with connection:
        changed = connection.execute(
            "update messages set payload = '{}', last_error = null"
            " where receiver = 'webhook' and state in ('delivered', 'withdrawn')"
            " and payload <> '{}' and created_at < ?",
            [write_time(before)],
        )
    return changed.rowcount


def read_states(connection: Outbox) -> dict[str, str]:
    """The state of every message to the webhook, by its idempotency key."""
    return dict(
        connection.execute(
            "select idempotency_key, state from messages where receiver = 'webhook'"
        ).fetchall()
    )


def list_crms(connection: Outbox) -> list[str]:
    """The CRMs that there are records of, by name."""
    rows = connection.execute("select receiver from receivers order by receiver").fetchall()
    return [receiver for (receiver,) in rows]


def count_messages(connection: Outbox, receiver: str = WEBHOOK) -> dict[str, int]:
    """How many messages to a receiver are in each state, those without any left out."""
    return dict(
        connection.execute(
            "select state, count(*) from messages where receiver = ? group by state", [receiver]
        ).fetchall()
    )


def find_next_due(connection: Outbox, receiver: str) -> str | None:
    """When the next message to a receiver is due; None where none is pending."""
    [due] = connection.execute(
        "select min(next_attempt_at) from messages where receiver = ? and state = 'pending'",
        [receiver],
    ).fetchone()
    return due


def list_messages(connection: Outbox, state: str, receiver: str = WEBHOOK) -> list[Message]:
    """The messages to a receiver in a state, the oldest first."""
    rows = connection.execute(
        f"select {COLUMNS} from messages where receiver = ? and state = ?"
        " order by created_at, idempotency_key",
        [receiver, state],
    ).fetchall()
    return [Message(*row) for row in rows]


def write_time(at: datetime) -> str:
    """A time as the outbox holds it: UTC, and in an order that text keeps.

    >>> write_time(datetime(2026, 6, 30, 6, 0, 1, tzinfo=UTC))
    '2026-06-30 06:00:01.000'
    """
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="milliseconds")
