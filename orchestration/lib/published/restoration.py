"""What belongs here: bringing back what only the warehouse holds, from a publication: hand-overs
with the rules behind them, the history of scores and tiers, which days were scored.

All else is made again from the raw tables. What a CRM has overwritten (`crm_overwrites`) is in the
warehouse's snapshots alone: they hold personal data, so no publication has them.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from orchestration.lib.basics.outcomes import WrongUse
from orchestration.lib.basics.progress import count_things
from orchestration.lib.basics.quoting import quote
from orchestration.lib.basics.settings import Settings, read_variables
from orchestration.lib.basics.warehouse import attach_warehouse, has_warehouse, open_warehouse
from orchestration.lib.built.erasures import demand_receipts
from orchestration.lib.decided.history import note_parts
from orchestration.lib.delivered.outbox import (
    find_outbox,
    has_outbox,
    open_outbox,
    put_undecided,
    read_states,
)
from orchestration.lib.delivered.release import make_payload
from orchestration.lib.published.history import HISTORY
from orchestration.lib.published.publication import (
    Manifest,
    has_files,
    list_publications,
    read_current,
)

# The tables that are brought back, and the published rows of each. The two of the history come from
# the view on them.
SOURCES = {
    "scored_days": "from scored_days",
    "lead_score_past": "from lead_score_history where valid_to is not null order by valid_to",
    "lead_score_current": "from lead_score_history where valid_to is null",
    "lead_tiers": "from lead_tiers",
    "tier_cut_offs": "from tier_cut_offs",
    "lead_score_changes": "from lead_score_changes",
    "hand_overs": "from hand_overs",
    "hand_over_rules": "from hand_over_rules",
    "published_promises": "from published_promises",
    "backtest": "from backtest",
    "backtest_cohorts": "from backtest_cohorts",
    "leakage": "from leakage",
    "model_confidence": "from model_confidence",
    "confidence_curves": "from confidence_curves",
}

# A warehouse in which these are empty has no past.
STATE = ["scored_days", "lead_score_past", "lead_score_current", "hand_overs"]

UNDECIDED = (
    "it may have been sent: the outbox of that time is lost. `leads redeliver` sends it, under the "
    "key it had"
)


@dataclass(frozen=True)
class Restoration:
    """What was brought back: rows by table, `undecided` the hand-overs of which nobody knows any
    more whether they were sent."""

    publication_id: str
    as_of_date: str
    rows: dict[str, int]
    undecided: int
    is_without_snapshots: bool


def has_past(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the warehouse on `connection` holds anything that a restoration would bring back."""
    there = connection.execute(
        "select table_name from information_schema.tables"
        " where table_catalog = current_database() and table_schema = 'main'"
    ).fetchall()
    return any(
        connection.execute(f"select exists (from main.{table})").fetchone()[0]
        for table in STATE
        if (table,) in there
    )


def find_source(published: Path) -> Manifest | None:
    """The publication to restore from: the live one, or where that is damaged the newest that is
    not; None where there is none."""
    live = read_current(published)
    for manifest in ([live] if live else []) + list_publications(published):
        parts = [name for name in manifest["files"] if name.startswith(f"{HISTORY}/")]
        if has_files(published, manifest, ["leads.duckdb", *parts]):
            return manifest
    return None


def restore(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    *,
    source: Manifest,
    at: datetime | None = None,
) -> Restoration:
    """Bring the past of the publication `source` into the warehouse on `connection`, whose tables
    are there and have none; all of it or nothing.

    A hand-over that the publication shows as planned was released afterwards where the outbox has
    its message: then with the time of the publication, as the release writes it. Where the outbox
    is lost too, nobody knows what was sent: each hand-over that is open is put into a new one as
    dead, so that nothing is sent twice, and nothing lost, without a person's word.
    """
    at = at or datetime.now(UTC)
    demand_receipts(
        settings.warehouse,
        source.get("erasures", []),
        publication_id=source["publication_id"],
    )
    file = settings.published / "versions" / source["publication_id"] / "leads.duckdb"
    connection.execute(f"attach {quote(file)} as publication (read_only)")
    try:
        connection.execute("begin")
        try:
            rows = {table: copy_rows(connection, table, file.parent) for table in SOURCES}
            # The same rows as there: the parts need not be published again.
            for part, said in source.get("history", {}).items():
                connection.execute(
                    "insert into main.lead_score_history_parts (part, written_id) values (?, ?)",
                    [part, said["written_id"]],
                )
            note_parts(connection)
            undecided = settle_hand_overs(
                connection,
                find_outbox(settings.warehouse),
                published_at=datetime.fromisoformat(source["published_at"]),
                at=at,
            )
            connection.execute("commit")
        except BaseException:
            connection.execute("rollback")
            raise
    finally:
        connection.execute("detach publication")
    return Restoration(
        publication_id=source["publication_id"],
        as_of_date=source["as_of_date"],
        rows=rows,
        undecided=undecided,
        is_without_snapshots=bool(read_variables(settings.project)["crm_overwrites"]),
    )


def copy_rows(connection: duckdb.DuckDBPyConnection, table: str, folder: Path) -> int:
    """Copy the published rows of a table, those columns that both have, from the publication in
    `folder`, which is attached; returns how many. An older publication may lack the table, or a
    column of it, or have the history in its database."""
    mart = SOURCES[table].split()[1]
    place = f"publication.main.{mart}"
    if mart == HISTORY and (folder / HISTORY).is_dir():
        place = f"read_parquet({quote(folder / HISTORY / '*.parquet')})"
    try:
        theirs = list_columns(connection, place)
    except duckdb.CatalogException:
        return 0
    columns = ", ".join(
        f'"{column}"' for column in list_columns(connection, f"main.{table}") if column in theirs
    )
    source = SOURCES[table].replace(mart, place, 1)
    return connection.execute(
        f"insert into main.{table} ({columns}) select {columns} {source}"
    ).fetchone()[0]


def list_columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """The names of the columns of a table, in their order."""
    return [name for name, *_ in connection.execute(f"select * from {table} limit 0").description]


def settle_hand_overs(
    connection: duckdb.DuckDBPyConnection, outbox: Path, *, published_at: datetime, at: datetime
) -> int:
    """Note which of the hand-overs that were planned have been released since, by what the outbox
    holds; returns how many are undecided because it holds nothing."""
    states = {}
    if has_outbox(outbox):
        with open_outbox(outbox) as messages:
            states = read_states(messages)
    is_lost = not states
    connection.execute(
        "update main.hand_overs set released_at = $released_at"
        " where released_at is null and ($is_lost or list_contains($keys::varchar[], "
        "idempotency_key))",
        {
            "released_at": published_at.astimezone(UTC).replace(tzinfo=None),
            "is_lost": is_lost,
            "keys": list(states),
        },
    )
    if not is_lost:
        return 0
    result = connection.execute(
        "from main.hand_overs where recycled_on is null order by idempotency_key"
    )
    names = [column[0] for column in result.description]
    payloads = {
        row["idempotency_key"]: make_payload(row)
        for row in (dict(zip(names, values, strict=True)) for values in result.fetchall())
    }
    if payloads:
        # Before the warehouse has them: killed in between, they are found here by the next try.
        with open_outbox(outbox) as messages:
            put_undecided(messages, payloads, error=UNDECIDED, at=at)
    return len(payloads)


def describe_restoration(restored: Restoration) -> list[str]:
    """What was brought back, and what was not, in lines.

    >>> print(describe_restoration(Restoration("20260630T060000Z-0a1b2c", "2026-06-30",
    ...     {"hand_overs": 229, "scored_days": 12, "lead_score_past": 9, "lead_score_current": 7},
    ...     undecided=0, is_without_snapshots=False))[0])
    Restored from the publication 20260630T060000Z-0a1b2c of 2026-06-30: 229 hand-overs, 12 scored \
days, 16 rows of history.
    """
    rows = restored.rows
    words = [
        count_things(rows["hand_overs"], "hand-over"),
        count_things(rows["scored_days"], "scored day"),
        f"{rows['lead_score_past'] + rows['lead_score_current']:,} rows of history",
    ]
    lines = [
        f"Restored from the publication {restored.publication_id} of {restored.as_of_date}: "
        f"{', '.join(words)}."
    ]
    if restored.undecided:
        lines.append(
            f"The outbox is lost as well: nobody knows which of {restored.undecided:,} open "
            "hand-overs were sent. None is sent by itself: `leads outbox` lists them, "
            "`leads redeliver <key, or all>` sends them under the keys they had."
        )
    if restored.is_without_snapshots:
        lines.append(
            "What the CRM has overwritten in the past (crm_overwrites) is not in a publication and "
            "is lost: put back a copy of the warehouse where past days must be replayed."
        )
    return lines


def demand_no_past(settings: Settings) -> None:
    """WrongUse where the warehouse holds history or hand-overs: there is nothing to restore."""
    if has_warehouse(settings.warehouse):
        with attach_warehouse(settings.warehouse) as connection:
            connection.execute("use warehouse")
            if has_past(connection):
                raise WrongUse(
                    f"{settings.warehouse} holds a history already, so nothing is restored into "
                    "it. Where that is not the one you want, move the file away and run again."
                )


def restore_past(settings: Settings) -> Restoration:
    """Restore from the live publication into a warehouse that has the tables. Raises ValueError
    where nothing is published."""
    source = find_source(settings.published)
    if source is None:
        raise WrongUse(
            f"There is no publication in {settings.published} to restore from. Set LEADS_PUBLISHED "
            "to the folder that has them, or put back a copy of the warehouse."
        )
    with open_warehouse(settings.warehouse) as connection:
        return restore(connection, settings, source=source)
