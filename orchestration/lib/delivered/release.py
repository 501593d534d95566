"""What belongs here: what of the warehouse goes out. What is released after a publication and taken
back with one, and what is in a payload."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lib.basics.duckdb_file import DamagedWarehouse
from orchestration.lib.basics.progress import count_things
from orchestration.lib.basics.quoting import quote
from orchestration.lib.basics.warehouse import has_warehouse, hold_warehouse, open_warehouse
from orchestration.lib.delivered.outbox import (
    count_messages,
    find_outbox,
    has_outbox,
    list_messages,
    open_outbox,
    put_messages,
    read_states,
    restore_messages,
    take_back_messages,
    withdraw_messages,
)

SCHEMA_VERSION = 1

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
    "draw_probability",
]

# How old the answer is, at the end of a payload: null where a daily run handed over.
TIMES = ["loaded_at", "scored_at", "released_at"]

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
        {", ".join(f"hand_overs.{column}" for column in [*PAYLOAD_COLUMNS, *TIMES])},
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
    at = at or datetime.now(UTC)
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

    The outbox comes first, so that nothing goes out while the warehouse is waited for. A damaged
    warehouse is left alone: what is built anew in its place takes its past from the live
    publication. Raises ValueError where a run has it for longer than `wait_seconds`; to do it again
    is safe.
    """
    outbox_file = find_outbox(warehouse)
    hand_overs = quote(publication / "hand_overs.parquet")
    with duckdb.connect() as connection:
        connection.execute(HANDED_OVER.format(hand_overs=hand_overs), {"held": held})
        found = connection.execute("select idempotency_key from handed_over").fetchall()
    ours = {key for (key,) in found}
    sent, unsent = [], 0
    if has_outbox(outbox_file):
        with open_outbox(outbox_file) as outbox:
            later = [key for key in read_states(outbox) if key not in ours]
            take_back_messages(outbox, later, reason="the publication was rolled back")
            delivered = [row for row in list_messages(outbox, "delivered")]
        sent = [json.loads(row.payload) for row in delivered if row.idempotency_key not in ours]
        unsent = len(later) - len(sent)
    if has_warehouse(warehouse):
        with (
            suppress(DamagedWarehouse),
            hold_warehouse(warehouse, wait_seconds=wait_seconds),
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
    for column in TIMES:
        at = hand_over[column]
        values[column] = at and f"{at.isoformat(timespec='seconds')}Z"
    values["due_on"] = values["due_on"].isoformat()
    values["score"] = float(values["score"])
    if values["draw_probability"] is not None:
        values["draw_probability"] = float(values["draw_probability"])
    return json.dumps({"schema_version": SCHEMA_VERSION, **values}, ensure_ascii=False)
