"""What belongs here: the way of a hand-over from the outbox to the receiver: when which attempt is
made, and what came of it. What gets into the outbox is release.py's; the way of a CRM's records is
record_delivery.py's.

Releasing writes into the warehouse and then into the outbox; delivering reads the outbox alone.
Killed between two steps, either does the rest the next time: a message may be sent twice, with the
same key and the same bytes, and none is lost.
"""

import math
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from orchestration.lib.basics.progress import count_things
from orchestration.lib.delivered.outbox import (
    WEBHOOK,
    Message,
    Outbox,
    claim_message,
    count_messages,
    find_next_due,
    has_outbox,
    list_crms,
    list_messages,
    mark_delivered,
    mark_failed,
    open_outbox,
    put_off_due,
)
from orchestration.lib.delivered.records import describe_left_out, read_plan
from orchestration.lib.delivered.webhook import Answer, Webhook, send

STATES = ("pending", "delivered", "withdrawn", "dead")

# Waits of about 1, 3, 9, 27 and 81 minutes, 4 and 12 hours: a receiver that is down for a night
# misses nothing.
MAX_ATTEMPTS = 8
FIRST_WAIT_SECONDS = 60.0
WAIT_FACTOR = 3.0

# A receiver that asks for more quiet than that is asked again after it.
LONGEST_QUIET_SECONDS = 24 * 3600.0

# So many dead ones are listed; programs get all of them.
DEAD_SHOWN = 20

# So many attempts in a row that failed for no fault of their message: the receiver is down, and
# every further one would cost its time limit and one of the message's eight attempts.
FAILURES_IN_A_ROW = 3


def read_clock() -> datetime:
    """Now."""
    return datetime.now(UTC)


@dataclass
class Delivery:
    """What came of sending what was due: how many attempts left their message in which state, how
    many messages were put off without an attempt because the receiver seems to be down (`failures`
    in a row) or asked for it, until when, and what it last said."""

    states: Counter[str] = field(default_factory=Counter)
    put_off: int = 0
    failures: int = 0
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
    if not has_outbox(outbox):
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
                delivery.failures = failures
                put_off_rest(connection, delivery, answer, at=clock())
                break
    return delivery


def put_off_rest(connection: Outbox, delivery: Delivery, answer: Answer, *, at: datetime) -> None:
    """Put off all that is due, after `answer`, and note it in `delivery`."""
    seconds = choose_wait(1, retry_after_seconds=answer.retry_after_seconds)
    delivery.put_off_until = at + timedelta(seconds=seconds)
    delivery.put_off = put_off_due(connection, at=at, until=delivery.put_off_until)
    delivery.last_words = answer.words


def note_answer(connection: Outbox, message: Message, answer: Answer, *, at: datetime) -> str:
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
        why = f" after {delivery.failures} failures in a row, the last one" * bool(
            delivery.failures
        )
        told += (
            f" Stopped{why}: {delivery.last_words}. {delivery.put_off:,} more wait until "
            f"{delivery.put_off_until:%H:%M:%S} UTC and have lost no attempt."
        )
    return told


def count_dead(outbox: Path, receiver: str = WEBHOOK) -> int:
    """How many messages to a receiver are dead."""
    if not has_outbox(outbox):
        return 0
    with open_outbox(outbox) as connection:
        return count_messages(connection, receiver).get("dead", 0)


def read_outbox(outbox: Path) -> dict[str, Any]:
    """How many hand-overs are in each state, when the next one is due, and the dead ones with why:
    states, next_attempt_at, dead; and the same of the records of each CRM, by its name, with how
    many leads are left out because they are none: records. Without an outbox all of it is empty."""
    if not has_outbox(outbox):
        return {"states": {}, "next_attempt_at": None, "dead": [], "records": {}}
    with open_outbox(outbox) as connection:
        records = {
            name: {
                **read_receiver(connection, name),
                "left_out": read_plan(connection, name)[1],
            }
            for name in list_crms(connection)
        }
        return {**read_receiver(connection, WEBHOOK), "records": records}


def read_receiver(connection: Outbox, receiver: str) -> dict[str, Any]:
    """What read_outbox says of the messages to one receiver."""
    counts = count_messages(connection, receiver)
    return {
        "states": {state: counts.get(state, 0) for state in STATES},
        "next_attempt_at": find_next_due(connection, receiver),
        "dead": [
            {
                "idempotency_key": message.idempotency_key,
                "attempts": message.attempts,
                "last_error": message.last_error,
            }
            for message in list_messages(connection, "dead", receiver)
        ],
    }


def describe_outbox(outbox: Path) -> list[str]:
    """How many messages are in each state, and the dead ones with why, in lines."""
    found = read_outbox(outbox)
    if not found["states"]:
        return ["Nothing has been released yet: `leads run` does it."]
    lines = describe_receiver(found)
    for name, records in found["records"].items():
        lines += [f"records of {name}", *describe_receiver(records)]
        if records["left_out"]:
            lines.append(f"  {describe_left_out(records['left_out'])}")
    if any(one["dead"] for one in (found, *found["records"].values())):
        lines.append("`leads redeliver KEY` (or `all`) sends them again.")
    return lines


def describe_receiver(found: Mapping[str, Any]) -> list[str]:
    """The lines of describe_outbox about one receiver."""
    lines = [f"{state:<10}{count:>9,}" for state, count in found["states"].items()]
    if found["next_attempt_at"]:
        lines[0] += f"  the next one due at {found['next_attempt_at'][:19]} UTC"
    for message in found["dead"][:DEAD_SHOWN]:
        attempts = count_things(message["attempts"], "attempt")
        lines.append(f"  {message['idempotency_key']}  {attempts}  {message['last_error']}")
    if len(found["dead"]) > DEAD_SHOWN:
        lines.append(f"  … and {len(found['dead']) - DEAD_SHOWN:,} more, which --json lists")
    return lines
