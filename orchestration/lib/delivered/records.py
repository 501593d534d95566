"""What belongs here: the records of a CRM in the outbox: what each is to hold, and what the CRM has
been told of it.

A record is a message whose payload, the properties it is to hold as JSON, is replaced by what the
next publication says: a score is a state. Beside it stand

    accepted     the properties that the CRM has taken, with the value it was told last
    in_doubt     names of properties that were sent without an answer: the CRM may have either value
    record_id    where the record lies now, where that is not what its key says

Sent is what differs from `accepted` or is in doubt; where that is nothing the state is delivered.
"""

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from orchestration.lib.delivered.outbox import (
    CLAIM_SECONDS,
    Outbox,
    keep_writers_out,
    write_time,
)

NOT_LIVE = "the live publication does not say so, or holds it back"

Properties = dict[str, Any]


@dataclass(frozen=True)
class Record:
    """A record that is to be written: the key of its message, its id in the CRM, what of it is to
    change, and for how many attempts that has been tried; `doubted` was in doubt before."""

    key: str
    record_id: str
    changes: Properties
    attempts: int
    claim: str
    doubted: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refusal:
    """A record that the CRM did not take, why, and when it is tried again (None: it is not), at the
    id `moved_to` where that is another. What was sent stays in doubt unless it `is_unwritten` for
    certain."""

    record: Record
    error: str
    next_attempt_at: datetime | None
    is_unwritten: bool = True
    moved_to: str = ""


def make_key(receiver: str, record_id: str) -> str:
    """The key of a record's message. Those of hand-overs have two colons or more.

    >>> make_key("hubspot", "501")
    'hubspot:501'
    """
    return f"{receiver}:{record_id}"


def list_changes(
    payload: Mapping[str, Any], accepted: Mapping[str, Any], in_doubt: Iterable[str] = ()
) -> Properties:
    """What of a payload the CRM does not surely hold.

    >>> list_changes({"score": 71, "tier": None}, {"score": 70, "tier": None})
    {'score': 71}
    >>> list_changes({"score": 70}, {"score": 70}, ["score"]), list_changes({"tier": None}, {})
    ({'score': 70}, {'tier': None})
    """
    doubted = set(in_doubt)
    return {
        name: value
        for name, value in payload.items()
        if name in doubted or name not in accepted or accepted[name] != value
    }


def read_plan(connection: Outbox, receiver: str) -> tuple[str, dict[str, int]]:
    """Which plan the messages to a receiver are made from (blank: none yet), and how many leads it
    left out for which reason."""
    found = connection.execute(
        "select plan, left_out from receivers where receiver = ?", [receiver]
    ).fetchone()
    return (found[0], json.loads(found[1])) if found else ("", {})


def describe_left_out(left_out: Mapping[str, int]) -> str:
    """How many leads are no records of a CRM, and why.

    >>> describe_left_out({"of marketo": 1200})
    'left out: 1,200 leads of marketo'
    """
    return "left out: " + "; ".join(f"{n:,} leads {why}" for why, n in sorted(left_out.items()))


def read_known(connection: Outbox, receiver: str) -> dict[str, tuple[Any, ...]]:
    """The payload, state, accepted, in_doubt of every record, by its key, as text."""
    return {
        key: rest
        for key, *rest in connection.execute(
            "select idempotency_key, payload, state, accepted, in_doubt from messages"
            " where receiver = ?",
            [receiver],
        ).fetchall()
    }


def put_records(
    connection: Outbox,
    receiver: str,
    payloads: Mapping[str, str],
    *,
    plan: str,
    left_out: Mapping[str, int],
    at: datetime,
) -> None:
    """Have the CRM hold `payloads`, the JSON text of its properties by the id of a record, and
    nothing else sent; `plan` says where they come from. All of it or nothing: whoever sends in the
    meantime sends the old plan."""
    now = write_time(at)
    with connection:
        keep_writers_out(connection)
        known = read_known(connection, receiver)
        new, replaced, kept = [], [], set()
        for record_id, payload in payloads.items():
            key = make_key(receiver, record_id)
            kept.add(key)
            if key not in known:
                new.append((key, payload, now, now, receiver))
                continue
            before, state, accepted, in_doubt = known[key]
            if payload != before or state == "withdrawn":
                changes = list_changes(
                    json.loads(payload), json.loads(accepted or "{}"), json.loads(in_doubt or "[]")
                )
                replaced.append((payload, "pending" if changes else "delivered", now, now, key))
        connection.executemany(
            """
            insert into messages
                (idempotency_key, payload, state, attempts, next_attempt_at, created_at, receiver)
            values (?, ?, 'pending', 0, ?, ?, ?)
            """,
            new,
        )
        # Who is at it now will find that its payload is another one; until then nobody else sends.
        connection.executemany(
            """
            update messages
            set
                payload = ?, state = ?, attempts = 0, last_error = null,
                next_attempt_at = case
                    when claim is not null and next_attempt_at > ? then next_attempt_at else ?
                end
            where idempotency_key = ?
            """,
            replaced,
        )
        connection.executemany(
            "update messages set state = 'withdrawn', last_error = ?"
            " where idempotency_key = ? and state in ('pending', 'dead')",
            [(NOT_LIVE, key) for key in known.keys() - kept],
        )
        connection.execute(
            """
            insert into receivers (receiver, plan, left_out) values (?, ?, ?)
            on conflict (receiver) do update set plan = excluded.plan, left_out = excluded.left_out
            """,
            [receiver, plan, json.dumps(left_out)],
        )


def claim_records(connection: Outbox, receiver: str, *, limit: int, at: datetime) -> list[Record]:
    """The records of a receiver that have been due the longest at `at`, up to `limit`, for this
    caller alone until the claim runs out. From here on what is sent of them is in doubt."""
    claim = secrets.token_hex(8)
    with connection:
        connection.execute(
            """
            update messages
            set claim = ?, attempts = attempts + 1, next_attempt_at = ?
            where idempotency_key in (
                select idempotency_key
                from messages
                where receiver = ? and state = 'pending' and next_attempt_at <= ?
                order by next_attempt_at, idempotency_key
                limit ?
            )
            and state = 'pending' and next_attempt_at <= ?
            """,
            [
                claim,
                write_time(at + timedelta(seconds=CLAIM_SECONDS)),
                receiver,
                write_time(at),
                limit,
                # On a server it looks again at what it has waited for.
                write_time(at),
            ],
        )
        rows = connection.execute(
            "select idempotency_key, record_id, payload, accepted, in_doubt, attempts"
            " from messages where claim = ? order by idempotency_key",
            [claim],
        ).fetchall()
        records = []
        for key, record_id, payload, accepted, in_doubt, attempts in rows:
            doubted = json.loads(in_doubt or "[]")
            changes = list_changes(json.loads(payload), json.loads(accepted or "{}"), doubted)
            record_id = record_id or key.partition(":")[2]
            records.append(Record(key, record_id, changes, attempts, claim, tuple(doubted)))
        connection.executemany(
            "update messages set in_doubt = ? where idempotency_key = ?",
            [
                (json.dumps(sorted({*record.doubted, *record.changes})), record.key)
                for record in records
            ],
        )
    return records


def mark_accepted(connection: Outbox, records: Sequence[Record], *, at: datetime) -> None:
    """Note that the CRM has what was sent of these records: they are delivered, or due again where
    they are to hold something else by now. Of what somebody else has claimed since nothing is
    noted: it stays in doubt, and is sent again."""
    with connection:
        keep_writers_out(connection)
        for record in records:
            found = connection.execute(
                "select payload, accepted, in_doubt from messages"
                " where idempotency_key = ? and claim = ?",
                [record.key, record.claim],
            ).fetchone()
            if found is None:
                continue
            accepted = json.loads(found[1] or "{}") | record.changes
            in_doubt = sorted(set(json.loads(found[2] or "[]")) - record.changes.keys())
            is_due = list_changes(json.loads(found[0]), accepted, in_doubt)
            connection.execute(
                """
                update messages
                set
                    state = case when state = 'withdrawn' then state else ? end,
                    accepted = ?, in_doubt = ?, claim = null, last_error = null, attempts = 0,
                    next_attempt_at = ?, delivered_at = ?
                where idempotency_key = ?
                """,
                [
                    "pending" if is_due else "delivered",
                    json.dumps(accepted, ensure_ascii=False),
                    json.dumps(in_doubt) if in_doubt else None,
                    write_time(at),
                    write_time(at),
                    record.key,
                ],
            )


def mark_refused(connection: Outbox, refusals: Sequence[Refusal]) -> None:
    """Note that the CRM did not take some records: they are due again, or dead where there is no
    next time."""
    rows = []
    for one in refusals:
        record = one.record
        doubt = {*record.doubted, *(() if one.is_unwritten else record.changes)}
        rows.append(
            [
                "pending" if one.next_attempt_at else "dead",
                write_time(one.next_attempt_at) if one.next_attempt_at else None,
                one.moved_to,
                json.dumps(sorted(doubt)) if doubt else None,
                one.error,
                record.key,
                record.claim,
            ]
        )
    with connection:
        connection.executemany(
            """
            update messages
            set
                state = case when state = 'pending' then ? else state end,
                next_attempt_at = coalesce(?, next_attempt_at),
                record_id = coalesce(nullif(?, ''), record_id),
                in_doubt = ?, last_error = ?, claim = null
            where idempotency_key = ? and claim = ?
            """,
            rows,
        )


def unclaim_records(connection: Outbox, records: Sequence[Record], *, at: datetime) -> None:
    """Put back records of which nothing was sent, or all was turned away: they are due at `at` and
    have lost no attempt."""
    with connection:
        connection.executemany(
            """
            update messages
            set
                attempts = case when attempts > 0 then attempts - 1 else 0 end,
                next_attempt_at = ?, claim = null, in_doubt = ?
            where idempotency_key = ? and claim = ?
            """,
            [
                (
                    write_time(at),
                    json.dumps(record.doubted) if record.doubted else None,
                    record.key,
                    record.claim,
                )
                for record in records
            ],
        )


def forget_accepted(connection: Outbox, receiver: str, *, at: datetime) -> int:
    """Have all that a CRM is to hold written again, whatever it was told before; returns how many
    records. For a CRM that is another one now, or was changed by others."""
    with connection:
        changed = connection.execute(
            "update messages set accepted = null, state = 'pending', attempts = 0,"
            " last_error = null, next_attempt_at = ?"
            " where receiver = ? and state <> 'withdrawn'",
            [write_time(at), receiver],
        )
    return changed.rowcount


def keep_quiet(connection: Outbox, receiver: str, *, until: datetime) -> None:
    """Have nothing sent to a receiver before `until`."""
    with connection:
        connection.execute(
            "update receivers set quiet_until = ? where receiver = ?", [write_time(until), receiver]
        )


def is_quiet(connection: Outbox, receiver: str, *, at: datetime) -> bool:
    """Whether nothing is to be sent to a receiver at `at`."""
    return bool(
        connection.execute(
            "select 1 from receivers where receiver = ? and quiet_until > ?",
            [receiver, write_time(at)],
        ).fetchone()
    )
