"""What belongs here: the way of a record from the outbox into its CRM: what is due, in batches, and
what came of each call.

Before every call it is seen which publication is live: what the outbox holds is brought to what
that says. Killed between two steps, the records of a batch are due again when the claim on them has
run out, and are written once more with the same values.
"""

import json
import math
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from orchestration.lib.basics.progress import count_things
from orchestration.lib.delivered.crm import Crm, Result
from orchestration.lib.delivered.delivery import (
    FAILURES_IN_A_ROW,
    MAX_ATTEMPTS,
    Delivery,
    choose_wait,
    read_clock,
)
from orchestration.lib.delivered.hubspot import load_hubspot
from orchestration.lib.delivered.outbox import (
    CLAIM_SECONDS,
    Outbox,
    count_messages,
    has_outbox,
    open_outbox,
)
from orchestration.lib.delivered.records import (
    Properties,
    Record,
    Refusal,
    claim_records,
    describe_left_out,
    is_quiet,
    keep_quiet,
    list_changes,
    make_key,
    mark_accepted,
    mark_refused,
    put_records,
    read_known,
    read_plan,
    unclaim_records,
)
from orchestration.lib.delivered.salesforce import load_salesforce
from orchestration.lib.delivered.webhook import Webhook, load_webhook
from orchestration.lib.delivered.write_back import (
    Live,
    describe_change,
    make_plan,
    name_plan,
    read_mapping,
)

# What a CRM asks for is waited for on the spot where it is no more than that, so many times.
LONGEST_PAUSE_SECONDS = 30.0
PAUSES_IN_A_ROW = 5

# The rest of a batch that is taken apart is put back, so that no call outlives the claim.
BATCH_SECONDS = CLAIM_SECONDS / 3


def load_crms(environ: Mapping[str, str] = os.environ) -> list[Crm]:
    """The CRMs that are written to, by their settings. Ids of leads without a source are records of
    the one there is. Raises ValueError where settings cannot work."""
    crms: list[Crm] = [
        crm for crm in (load_hubspot(environ), load_salesforce(environ)) if crm is not None
    ]
    if len(crms) > 1:
        for crm in crms:
            crm.takes_bare_ids = False
    return crms


def demand_receivers() -> tuple[Webhook | None, list[Crm]]:
    """Who is delivered to; ValueError where there is nobody."""
    webhook, crms = load_webhook(), load_crms()
    if webhook is None and not crms:
        raise ValueError(
            "LEADS_WEBHOOK_URL and LEADS_WEBHOOK_SECRET are not set, nor is a CRM"
            " (LEADS_HUBSPOT_TOKEN, LEADS_SALESFORCE_URL), so there is nobody to deliver to:"
            " docs/how-to/connect-a-webhook.md and docs/how-to/write-back-to-the-crm.md say what"
            " they are."
        )
    return webhook, crms


@dataclass
class Preview:
    """What would be written: how many records, some of them with what the CRM was told before and
    what would change, and how many leads are no record of it."""

    records: int = 0
    first: list[tuple[str, Properties, Properties]] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def preview(outbox: Path, crm: Crm, live: Live | None, *, limit: int = 5) -> Preview:
    """What a CRM would be told now, without telling it, or the outbox."""
    told = Preview()
    if live is None:
        return told
    plan = make_plan(live, crm, read_mapping(live, crm))
    told.left_out = plan.left_out
    known = {}
    if has_outbox(outbox):
        with open_outbox(outbox) as connection:
            known = read_known(connection, crm.name)
    for record_id, payload in plan.payloads.items():
        key = make_key(crm.name, record_id)
        before, state, accepted, in_doubt = known.get(key, ("", "", None, None))
        if state == "dead" and payload == before:
            continue
        holds = json.loads(accepted or "{}")
        changes = list_changes(json.loads(payload), holds, json.loads(in_doubt or "[]"))
        if changes:
            told.records += 1
            if len(told.first) < limit:
                told.first.append((key, holds, changes))
    return told


def write_all(
    outbox: Path,
    crms: Sequence[Crm],
    find_live: Callable[[], Live | None],
    *,
    max_seconds: float = math.inf,
) -> tuple[dict[str, Delivery], list[str]]:
    """Write what is due into every CRM, one after the other, each for its part of `max_seconds`;
    what came of it by the CRM's title, and what a person has to set right."""
    deliveries, complaints = {}, []
    for crm in crms:
        try:
            deliveries[crm.title] = write_due(
                outbox, crm, find_live, max_seconds=max_seconds / len(crms)
            )
        except ValueError as error:
            complaints.append(str(error))
    return deliveries, complaints


def write_due(
    outbox: Path,
    crm: Crm,
    find_live: Callable[[], Live | None],
    *,
    max_seconds: float = math.inf,
    clock: Callable[[], datetime] = read_clock,
    sleep: Callable[[float], None] = time.sleep,
) -> Delivery:
    """Write what is due into a CRM, one batch after another, and no further one once `max_seconds`
    are over, once it asks for a longer quiet, or once FAILURES_IN_A_ROW calls brought nothing.
    Nothing is written where nothing is live.

    Several processes may do so at once: each batch is claimed before it is sent. Raises ValueError
    where the outbox cannot be used, and WrongUse where a person has to set something right first.
    """
    delivery = Delivery()
    run = Run(crm, delivery, until=time.monotonic() + max_seconds, clock=clock, sleep=sleep)
    with open_outbox(outbox) as connection:
        while time.monotonic() < run.until and not run.has_stopped:
            live = find_live()
            if live is None:
                break
            bring_up_to_date(connection, crm, live, at=clock())
            if is_quiet(connection, crm.name, at=clock()):
                break
            batch = claim_records(connection, crm.name, limit=crm.batch_size, at=clock())
            if not batch:
                break
            run.write_batch(connection, batch)
    return delivery


def bring_up_to_date(connection: Outbox, crm: Crm, live: Live, *, at: datetime) -> None:
    """Have the outbox hold what the live publication says, where it does not yet."""
    properties = read_mapping(live, crm)
    if read_plan(connection, crm.name)[0] == name_plan(live, crm, properties):
        return
    plan = make_plan(live, crm, properties)
    put_records(
        connection, crm.name, plan.payloads, plan=plan.plan_id, left_out=plan.left_out, at=at
    )


@dataclass
class Run:
    """One run of deliveries to a CRM: how long it may take, and how many calls in a row brought
    nothing, or were turned away."""

    crm: Crm
    delivery: Delivery
    until: float
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    failures: int = 0
    pauses: int = 0
    has_stopped: bool = False

    def write_batch(self, connection: Outbox, batch: Sequence[Record]) -> None:
        """Write the records of a batch that is claimed. One that is refused as a whole is taken
        apart until it is known which record is the cause."""
        pieces = split(self.crm, batch)
        until = min(self.until, time.monotonic() + BATCH_SECONDS)
        piece: list[Record] = []
        try:
            while pieces and not self.has_stopped and (not piece or time.monotonic() < until):
                piece = pieces.pop(0)
                result = self.crm.write(piece)
                if result.kind == "refused" and len(piece) > 1:
                    half = len(piece) // 2
                    pieces[:0] = [piece[:half], piece[half:]]
                else:
                    self.note(connection, piece, result)
        except ValueError:
            pieces.append(piece)
            raise
        finally:
            unclaim_records(
                connection, [record for rest in pieces for record in rest], at=self.clock()
            )

    def note(self, connection: Outbox, records: Sequence[Record], result: Result) -> None:
        """Write down what came of a call, and wait or stop where it says so."""
        at = self.clock()
        if result.kind == "turned_away":
            unclaim_records(connection, records, at=at)
            self.pause(connection, result)
            return
        self.pauses = 0
        accepted, refusals = sort_verdicts(records, result, at=at)
        mark_accepted(connection, accepted, at=at)
        mark_refused(connection, refusals)
        states = ["pending" if one.next_attempt_at else "dead" for one in refusals]
        self.delivery.states.update(["delivered"] * len(accepted) + states)
        self.failures = 0 if accepted else self.failures + 1
        if self.failures == FAILURES_IN_A_ROW or result.quiet_seconds:
            self.put_off(connection, result, at=at)

    def pause(self, connection: Outbox, result: Result) -> None:
        """Wait as long as a CRM asks for that had too many calls, where there is the time; else
        stop."""
        seconds = result.quiet_seconds
        self.pauses += 1
        is_short = seconds <= min(LONGEST_PAUSE_SECONDS, self.until - time.monotonic())
        if is_short and self.pauses <= PAUSES_IN_A_ROW:
            self.sleep(seconds)
        else:
            self.put_off(connection, result, at=self.clock())

    def put_off(self, connection: Outbox, result: Result, *, at: datetime) -> None:
        """Send nothing for a while, and say what the CRM said last."""
        seconds = choose_wait(1, retry_after_seconds=result.quiet_seconds)
        self.has_stopped = True
        self.delivery.failures = self.failures if self.failures == FAILURES_IN_A_ROW else 0
        self.delivery.put_off_until = at + timedelta(seconds=seconds)
        keep_quiet(connection, self.crm.name, until=self.delivery.put_off_until)
        self.delivery.put_off = count_messages(connection, self.crm.name).get("pending", 0)
        self.delivery.last_words = result.words or "nearly all of the day's calls are used"


def sort_verdicts(
    records: Sequence[Record], result: Result, *, at: datetime
) -> tuple[list[Record], list[Refusal]]:
    """The records that a CRM has taken in a call, and those it has not."""
    if result.kind == "refused":
        return [], [Refusal(record, result.words, None) for record in records]
    if result.kind == "failed":
        # Nothing is wrong with the records: however often it fails, they are tried again.
        return [], [
            Refusal(
                record,
                result.words,
                at + timedelta(seconds=choose_wait(min(record.attempts, MAX_ATTEMPTS - 1))),
                is_unwritten=False,
            )
            for record in records
        ]
    accepted, refusals = [], []
    for record, verdict in zip(records, result.verdicts, strict=True):
        if not verdict.words:
            accepted.append(record)
            continue
        # It lies elsewhere: there it is tried at once.
        wait = 0.0 if verdict.moved_to else choose_wait(record.attempts)
        is_over = verdict.is_final or record.attempts >= MAX_ATTEMPTS
        next_attempt_at = None if is_over else at + timedelta(seconds=wait)
        refusals.append(Refusal(record, verdict.words, next_attempt_at, moved_to=verdict.moved_to))
    return accepted, refusals


def describe_preview(crm: Crm, told: Preview) -> list[str]:
    """What would be written, in lines."""
    lines = [f"{crm.title}: {count_things(told.records, 'record')} would be written."]
    for key, holds, changes in told.first:
        lines += describe_change(key, holds, changes)
    if told.records > len(told.first):
        lines.append(f"  … and {told.records - len(told.first):,} more")
    return lines + ([f"  {describe_left_out(told.left_out)}"] if told.left_out else [])


def split(crm: Crm, records: Sequence[Record]) -> list[list[Record]]:
    """Records in calls: of one kind each, and no record twice in one."""
    calls: dict[tuple[str, int], list[Record]] = {}
    seen: Counter[str] = Counter()
    for record in records:
        seen[record.record_id] += 1
        kind = crm.find_kind(record.record_id)
        calls.setdefault((kind, seen[record.record_id]), []).append(record)
    return list(calls.values())
