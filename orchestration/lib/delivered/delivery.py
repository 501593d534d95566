"""What belongs here: the way of a hand-over from the warehouse to the receiver. What is released
after a publication, what is in a payload, when which attempt is made; and the commands.

Releasing writes into the warehouse and then into the outbox; delivering reads the outbox alone.
Killed between two steps, either does the rest the next time: a message may be sent twice, with the
same key and the same bytes, and none is lost.
"""

import argparse
import json
import math
import random
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lib.basics.locks import hold_lock
from orchestration.lib.basics.progress import count_things
from orchestration.lib.basics.settings import locate_warehouse
from orchestration.lib.basics.warehouse import open_warehouse, quote
from orchestration.lib.decided.acceptances import list_refusals
from orchestration.lib.delivered.outbox import (
    Message,
    claim_message,
    count_messages,
    find_outbox,
    list_messages,
    mark_delivered,
    mark_failed,
    open_outbox,
    put_messages,
    put_off_due,
    read_states,
    replay_dead,
    restore_messages,
    take_back_messages,
    withdraw_messages,
)
from orchestration.lib.delivered.webhook import Answer, Webhook, load_webhook, send

SCHEMA_VERSION = 1

# Waits of about 1, 3, 9, 27 and 81 minutes, 4 and 12 hours: a receiver that is down for a night
# misses nothing.
MAX_ATTEMPTS = 8
FIRST_WAIT_SECONDS = 60.0
WAIT_FACTOR = 3.0

# A receiver that asks for more quiet than that is asked again after it.
LONGEST_QUIET_SECONDS = 24 * 3600.0

# So many attempts in a row that failed for no fault of their message: the receiver is down, and
# every further one would cost its time limit and one of the message's eight attempts.
FAILURES_IN_A_ROW = 3

# The columns of hand_overs that a payload holds, after schema_version and in this order.
PAYLOAD_COLUMNS = [
    "idempotency_key",
    "model_id",
    "lead_id",
    "account_id",
    "hand_over_number",
    "due_on",
    "tier",
    "grade",
    "action",
    "sla_hours",
    "score",
    "reasons",
]

# More are due than a run may hand over, and nobody has accepted it.
IS_HELD = "model_id in (select model_id from score_health where verdict = 'hold')"

# The hand-overs whose message is missing or in the wrong state, with why it is not to be sent: null
# where it is.
TO_CHANGE = f"""
with in_outbox as (
    select unnest($keys::varchar[]) as idempotency_key, unnest($states::varchar[]) as state
),

hand_overs_now as (
    select
        {", ".join(f"hand_overs.{column}" for column in PAYLOAD_COLUMNS)},
        case
            when hand_overs.recycled_on is not null
                then 'recycled on ' || hand_overs.recycled_on
            -- Deleted in the CRM, or of a model that is retired.
            when scored_leads.lead_id is null then 'the lead is no longer scored'
            when scored_leads.is_excluded
                then concat_ws(': ', 'the lead is excluded', scored_leads.exclusion_reason)
        end as why_not
    from hand_overs
    left join scored_leads using (model_id, lead_id)
    where hand_overs.released_at is not null
),

compared as (
    select
        hand_overs_now.* replace (
            coalesce(hand_overs_now.idempotency_key, in_outbox.idempotency_key) as idempotency_key,
            case
                when hand_overs_now.idempotency_key is null
                    then 'the warehouse holds no such hand-over any more'
                else hand_overs_now.why_not
            end as why_not
        ),
        in_outbox.state
    from hand_overs_now
    full join in_outbox using (idempotency_key)
)

select *
from compared
where
    (state is null and why_not is null)
    or (state in ('pending', 'dead') and why_not is not null)
    or (state = 'withdrawn' and why_not is null)
order by due_on, idempotency_key
"""


def release_hand_overs(warehouse: Path, *, at: datetime | None = None) -> dict[str, int]:
    """Release the hand-overs of a warehouse that has been published, and bring its outbox to what
    is to be sent; returns how many were released, held back (score_health says why), put into the
    outbox, withdrawn and restored, and how many are then pending and dead.

    `at` is the time of the release, now where it is not given. To be sent is every released
    hand-over that is not recycled and whose lead is scored and not excluded: one that has no
    message gets it, also where a run before was killed on its way. Messages of others are withdrawn
    unless they are delivered. Raises ValueError where the warehouse or the outbox cannot be opened.
    """
    at = at or read_clock()
    with open_warehouse(warehouse) as connection:
        released = mark_released(connection, at=at)
        held = count_held(connection)
        with open_outbox(find_outbox(warehouse)) as outbox:
            rows = list_changes(connection, read_states(outbox))
            puts = {row["idempotency_key"]: make_payload(row) for row in rows if not row["state"]}
            against = {row["idempotency_key"]: row["why_not"] for row in rows if row["why_not"]}
            back = [row["idempotency_key"] for row in rows if row["state"] == "withdrawn"]
            withdraw_messages(outbox, against)
            restore_messages(outbox, back)
            put = put_messages(outbox, puts, at=at)
            counts = count_messages(outbox)
    return {
        "released": released,
        "held": held,
        "put": put,
        "withdrawn": len(against),
        "restored": len(back),
        "pending": counts.get("pending", 0),
        "dead": counts.get("dead", 0),
    }


def mark_released(connection: duckdb.DuckDBPyConnection, *, at: datetime) -> int:
    """Give the hand-overs that have none the time of their release, but for those of models that
    score_health holds back; returns how many."""
    return connection.execute(
        f"update hand_overs set released_at = ? where released_at is null and not {IS_HELD}",
        [at.astimezone(UTC).replace(tzinfo=None)],
    ).fetchone()[0]


def count_held(connection: duckdb.DuckDBPyConnection) -> int:
    """How many hand-overs are held back."""
    return connection.execute(
        f"select count(*) from hand_overs where released_at is null and {IS_HELD}"
    ).fetchone()[0]


# What a publication knows as handed over. It was made before its own hand-overs were released;
# those that it held back are of a later one.
HANDED_OVER = """
create or replace temp table handed_over as
select idempotency_key, recycled_on, recycle_reason
from read_parquet({hand_overs})
where released_at is not null or not list_contains($held::varchar[], model_id)
"""

# What later publications have handed over and nobody has got is planned again, and what they took
# back is as it was.
UNDO_LATER = [
    """
    update hand_overs
    set released_at = null, recycled_on = null, recycle_reason = null
    where
        released_at is not null
        and idempotency_key not in (select idempotency_key from handed_over)
        and not list_contains($delivered::varchar[], idempotency_key)
    """,
    """
    update hand_overs
    set recycled_on = handed_over.recycled_on, recycle_reason = handed_over.recycle_reason
    from handed_over
    where
        hand_overs.idempotency_key = handed_over.idempotency_key
        and hand_overs.recycled_on is distinct from handed_over.recycled_on
    """,
]


def take_back_hand_overs(
    warehouse: Path, publication: Path, *, held: Sequence[str], wait_seconds: float = 60.0
) -> tuple[int, list[dict[str, Any]]]:
    """Undo what publications after the one in the folder `publication` have handed over, as it is
    the live one again; `held` are the models whose hand-overs it held back. Returns how many were
    taken back unsent, and the payloads of those that the receiver has.

    The outbox comes first, so that nothing goes out while the warehouse is waited for. Raises
    ValueError where a run has that for longer than `wait_seconds`; to do it again is safe.
    """
    outbox_file = find_outbox(warehouse)
    hand_overs = quote(publication / "hand_overs.parquet")
    with duckdb.connect() as connection:
        connection.execute(HANDED_OVER.format(hand_overs=hand_overs), {"held": held})
        found = connection.execute("select idempotency_key from handed_over").fetchall()
    ours = {key for (key,) in found}
    sent, unsent = [], 0
    if outbox_file.is_file():
        with open_outbox(outbox_file) as outbox:
            later = [key for key in read_states(outbox) if key not in ours]
            take_back_messages(outbox, later, reason="the publication was rolled back")
            delivered = [row for row in list_messages(outbox, "delivered")]
        sent = [json.loads(row.payload) for row in delivered if row.idempotency_key not in ours]
        unsent = len(later) - len(sent)
    if warehouse.is_file():
        with (
            hold_lock(warehouse.with_name(f".{warehouse.name}.lock"), wait_seconds=wait_seconds),
            open_warehouse(warehouse) as connection,
        ):
            connection.execute("begin")
            connection.execute(HANDED_OVER.format(hand_overs=hand_overs), {"held": held})
            given = {"delivered": [payload["idempotency_key"] for payload in sent]}
            unsent = connection.execute(UNDO_LATER[0], given).fetchone()[0]
            connection.execute(UNDO_LATER[1])
            connection.execute("drop table handed_over")
            connection.execute("commit")
    return unsent, sent


def describe_taken_back(unsent: int, sent: Sequence[Mapping[str, Any]]) -> list[str]:
    """What became of the hand-overs of publications that were rolled back.

    >>> describe_taken_back(2, [])[0]
    'Taken back before they were sent: 2 hand-overs. The next run hands over what is then due.'
    """
    lines = []
    if unsent:
        lines.append(
            f"Taken back before they were sent: {count_things(unsent, 'hand-over')}. The next run"
            " hands over what is then due."
        )
    if sent:
        lines.append(f"Sent already, tell sales: {count_things(len(sent), 'hand-over')}.")
        lines += [f"  {row['lead_id']}  {row['model_id']}  {row['tier']}" for row in sent]
    return lines


def list_changes(
    connection: duckdb.DuckDBPyConnection, states: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The hand-overs whose message is not as it should be: the columns of a payload, `state` (None:
    there is no message) and `why_not`. `states` are those in the outbox, by idempotency key."""
    result = connection.execute(TO_CHANGE, {"keys": list(states), "states": list(states.values())})
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def make_payload(hand_over: Mapping[str, Any]) -> str:
    """The JSON text that a hand-over is sent as: the same for the same row. It names the lead and
    the account by their ids and holds nothing else of a person."""
    values = {column: hand_over[column] for column in PAYLOAD_COLUMNS}
    values["due_on"] = values["due_on"].isoformat()
    values["score"] = float(values["score"])
    return json.dumps({"schema_version": SCHEMA_VERSION, **values}, ensure_ascii=False)


def read_clock() -> datetime:
    """Now."""
    return datetime.now(UTC)


@dataclass
class Delivery:
    """What came of sending what was due: how many attempts left their message in which state, how
    many messages were put off without an attempt because the receiver seems to be down, until when,
    and what it last said."""

    states: Counter[str] = field(default_factory=Counter)
    put_off: int = 0
    put_off_until: datetime | None = None
    last_words: str = ""


def deliver_due(
    outbox: Path,
    webhook: Webhook,
    *,
    max_seconds: float = math.inf,
    clock: Callable[[], datetime] = read_clock,
) -> Delivery:
    """Send what is due, one message after another, and no further one once `max_seconds` are over,
    or once FAILURES_IN_A_ROW of them say that the receiver is down: then the others that are due
    wait for a while and spend none of their attempts.

    Several processes may do so at once: each message is claimed before it is sent. Raises
    ValueError where the outbox cannot be used.
    """
    delivery = Delivery()
    if not outbox.is_file():
        return delivery
    until = time.monotonic() + max_seconds
    failures = 0
    with open_outbox(outbox) as connection:
        while time.monotonic() < until:
            at = clock()
            message = claim_message(connection, at=at)
            if message is None:
                break
            answer = send(
                webhook, idempotency_key=message.idempotency_key, payload=message.payload, at=at
            )
            delivery.states[note_answer(connection, message, answer, at=clock())] += 1
            # Who refuses one message is there for the next one.
            failures = 0 if answer.is_delivered or answer.is_final else failures + 1
            if failures == FAILURES_IN_A_ROW:
                put_off_rest(connection, delivery, answer, at=clock())
                break
    return delivery


def put_off_rest(
    connection: sqlite3.Connection, delivery: Delivery, answer: Answer, *, at: datetime
) -> None:
    """Put off all that is due, after `answer`, and note it in `delivery`."""
    seconds = choose_wait(1, retry_after_seconds=answer.retry_after_seconds)
    delivery.put_off_until = at + timedelta(seconds=seconds)
    delivery.put_off = put_off_due(connection, at=at, until=delivery.put_off_until)
    delivery.last_words = answer.words


def note_answer(
    connection: sqlite3.Connection, message: Message, answer: Answer, *, at: datetime
) -> str:
    """Write down what came of an attempt; returns the state that it leaves the message in."""
    if answer.is_delivered:
        mark_delivered(connection, message, at=at)
        return "delivered"
    next_attempt_at = find_next_attempt(message, answer, at=at)
    mark_failed(connection, message, error=answer.words, next_attempt_at=next_attempt_at)
    return "pending" if next_attempt_at else "dead"


def find_next_attempt(message: Message, answer: Answer, *, at: datetime) -> datetime | None:
    """When the message is tried again after `answer`; None where it is not."""
    if answer.is_final or message.attempts >= MAX_ATTEMPTS:
        return None
    seconds = choose_wait(message.attempts, retry_after_seconds=answer.retry_after_seconds)
    return at + timedelta(seconds=seconds)


def choose_wait(
    attempts: int,
    *,
    retry_after_seconds: float = 0.0,
    draw: Callable[[], float] = random.random,
) -> float:
    """The seconds to wait after so many failed attempts: three times as many each time, half of
    them by chance (`draw`, from 0 to 1), so that what failed together does not come back together.
    Never fewer than the receiver asked for, up to a day.

    >>> [choose_wait(attempts, draw=lambda: 1.0) for attempts in (1, 2, 7)]
    [60.0, 180.0, 43740.0]
    >>> choose_wait(1, draw=lambda: 0.0), choose_wait(1, retry_after_seconds=600)
    (30.0, 600)
    """
    seconds = FIRST_WAIT_SECONDS * WAIT_FACTOR ** (attempts - 1)
    quiet = min(retry_after_seconds, LONGEST_QUIET_SECONDS)
    return max(seconds * (1 + draw()) / 2, quiet)


def describe_delivery(delivery: Delivery) -> str:
    """What came of some attempts, by the state they left their message in, and what was put off.

    >>> describe_delivery(Delivery(Counter({"delivered": 12, "dead": 1})))
    'Delivered 12; to be tried again 0; dead 1.'
    """
    delivered, pending, dead = (
        delivery.states.get(name, 0) for name in ("delivered", "pending", "dead")
    )
    told = f"Delivered {delivered:,}; to be tried again {pending:,}; dead {dead:,}."
    if delivery.put_off and delivery.put_off_until:
        told += (
            f" Stopped after {FAILURES_IN_A_ROW} failures in a row, the last one: "
            f"{delivery.last_words}. {delivery.put_off:,} more wait until "
            f"{delivery.put_off_until:%H:%M:%S} UTC and have lost no attempt."
        )
    return told


def count_dead(outbox: Path) -> int:
    """How many messages are dead."""
    if not outbox.is_file():
        return 0
    with open_outbox(outbox) as connection:
        return count_messages(connection).get("dead", 0)


def describe_outbox(outbox: Path) -> list[str]:
    """How many messages are in each state, and the dead ones with why, in lines."""
    if not outbox.is_file():
        return ["Nothing has been released yet: `make run` does it."]
    with open_outbox(outbox) as connection:
        counts = count_messages(connection)
        waiting = list_messages(connection, "pending")
        dead = list_messages(connection, "dead")
    lines = [
        f"{state:<10}{counts.get(state, 0):>9,}"
        for state in ("pending", "delivered", "withdrawn", "dead")
    ]
    if waiting:
        next_at = min(message.next_attempt_at for message in waiting)
        lines[0] += f"  the next one due at {next_at[:19]} UTC"
    for message in dead:
        attempts = count_things(message.attempts, "attempt")
        lines.append(f"  {message.idempotency_key}  {attempts}  {message.last_error}")
    if dead:
        lines.append("`make redeliver ID=<the key, or all>` sends them again.")
    return lines


def main() -> int:
    """Show the outbox, deliver what is due in it, or have dead messages sent again."""
    parser = argparse.ArgumentParser(
        prog="delivery", description="Show the outbox of hand-overs, or deliver from it."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="how many are in each state, and which are dead")
    commands.add_parser("deliver", help="send what is due now")
    redeliver = commands.add_parser("redeliver", help="have dead ones sent again")
    redeliver.add_argument("idempotency_key", help="that of a dead hand-over, or all")
    arguments = parser.parse_args()
    warehouse = locate_warehouse()
    outbox = find_outbox(warehouse)
    try:
        if arguments.command == "deliver":
            print(describe_delivery(deliver_due(outbox, demand_webhook())))
        if arguments.command == "redeliver" and outbox.is_file():
            with open_outbox(outbox) as connection:
                replayed = replay_dead(connection, arguments.idempotency_key, at=read_clock())
            print(f"To be sent again: {replayed:,}.")
        held = [row.sentence for row in list_refusals(warehouse) if row.verdict == "hold"]
        print("\n".join([*describe_outbox(outbox), *(f"HELD BACK: {line}" for line in held)]))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def demand_webhook() -> Webhook:
    """The receiver; ValueError where there is none."""
    webhook = load_webhook()
    if webhook is None:
        raise ValueError(
            "LEADS_WEBHOOK_URL and LEADS_WEBHOOK_SECRET are not set, so there is nobody to deliver "
            "to: docs/how-to/connect-a-webhook.md says what they are."
        )
    return webhook


if __name__ == "__main__":
    sys.exit(main())
