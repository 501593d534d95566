"""What belongs here: an intraday run from its first question to the outbox.

It stands beside the night's: what that has decided is read and never changed, but for hand-overs,
which are sent once. docs/decisions/0031-intraday.md says why.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TextIO

import duckdb

from orchestration.lib.basics.outcomes import Unusable, WrongUse
from orchestration.lib.basics.progress import count_things, time_step
from orchestration.lib.basics.quoting import quote
from orchestration.lib.basics.rows import fetch_rows
from orchestration.lib.basics.rule_book_files import hash_rules
from orchestration.lib.basics.settings import INTRADAY_TARGETS, Settings
from orchestration.lib.basics.warehouse import hold_warehouse, open_warehouse
from orchestration.lib.built.load_raw import find_root
from orchestration.lib.delivered.outbox import (
    find_outbox,
    open_outbox,
    put_messages,
    read_states,
    withdraw_messages,
)
from orchestration.lib.delivered.release import make_payload
from orchestration.lib.intraday.answer import IntradayRun
from orchestration.lib.intraday.guard import approve_hand_overs
from orchestration.lib.intraday.loads import judge_loads
from orchestration.lib.intraday.raw_rows import RawRows, find_raw_rows
from orchestration.lib.intraday.seen import (
    find_night,
    find_seen,
    find_since,
    read_seen,
    read_time,
    remember,
)
from orchestration.lib.intraday.small_warehouse import (
    FOUND,
    decide,
    make_small_warehouse,
    read_rules,
    score,
    settle,
)
from orchestration.lib.intraday.touched import find_touched, write_rows
from orchestration.lib.intraday.vendors import (
    find_moved,
    find_vendor_rows,
    make_vendor_tables,
    sum_up_changes,
)
from orchestration.lib.published.publication import Manifest, publish, read_current
from orchestration.lib.published.replaced import Replacement


def run_intraday(
    settings: Settings,
    *,
    run_id: str,
    console: TextIO,
    wait_seconds: float | None = None,
) -> IntradayRun:
    """Score, publish and hand over the leads that have been touched since the last run of either
    kind. Raises Unusable where the day's first run has not been made, InUse where another run is at
    work for longer than `wait_seconds` (without it than a writer waits), Refused where more is due
    than a day may hand over, ValueError where a test finds fault with a row; what is live then
    stays."""
    demand_offer(settings)
    with (
        hold_warehouse(settings.warehouse, wait_seconds=wait_seconds),
        keep_folder(settings.warehouse) as folder,
    ):
        live = demand_night(settings)
        night = find_night(live)
        live_folder = settings.published / "versions" / live["publication_id"]
        small = settle(settings, folder)
        root, vendors = find_root(settings), folder / "vendors.duckdb"
        if settings.sources:
            read_rules(small, console)
            make_vendor_tables(settings, vendors, console)
        with open_warehouse(settings.warehouse, is_read_only=True) as connection:
            connection.execute(f"set temp_directory = {quote(folder / 'spilled')}")
            if settings.sources:
                connection.execute(f"attach {quote(vendors)} as vendors (read_only)")
                raw = find_vendor_rows(connection, settings, root)
                moved = find_moved(connection)
                # What is taken back during the day is again as in the night.
                scored = f"read_parquet({quote(live_folder / 'intraday_leads.parquet')})"
                changes = sum_up_changes(connection, raw, moved)
            else:
                raw = find_raw_rows(connection, settings, root)
                moved, scored, changes = None, None, {}
            seen = read_seen(settings.warehouse, night)
            since = find_since(connection, settings, seen, raw)
            demand_living_feeds(connection, raw, since)
            with time_step(console, "touched", "") as what:
                fresh = find_seen(connection, raw, since)
                # What has changed since the night may have been read by the last run.
                leads = 0
                if not changes or fresh or not changes.items() <= seen.items():
                    leads = find_touched(
                        connection,
                        raw,
                        since,
                        last_run=read_time(live["published_at"]),
                        moved=moved,
                        scored_today=scored,
                    )
                what.append(count_things(leads, "lead"))
                seen |= fresh | changes
                warnings = judge_loads(connection, raw, settings)
                if leads:
                    write_rows(connection, raw, folder / "raw")
                    for table in FOUND:
                        file = quote(folder / f"{table}.parquet")
                        connection.execute(f"copy {table} to {file} (format parquet)")
        if not leads:
            remember(settings.warehouse, night, seen)
            return IntradayRun(0, [], warnings, None)
        make_small_warehouse(small, warehouse=settings.warehouse, console=console)
        score(small, console)
        decide(small, live=live_folder, published=settings.published, console=console)
        approve_hand_overs(
            small.warehouse,
            warehouse=settings.warehouse,
            published=settings.published,
            live=live_folder,
            as_of=settings.as_of_dates[0],
            night=night.published_at,
        )
        with time_step(console, "publish", "published_marts"):
            manifest = publish(
                settings.warehouse,
                settings.published,
                run_id=run_id,
                rules=settings.rules,
                raw=settings.raw,
                replacement=Replacement(live_folder, live, small.warehouse),
                intraday={
                    "night_run_id": night.run_id,
                    "night_published_at": night.published_at.isoformat(),
                    "leads": leads,
                    "warnings": warnings,
                },
            )
        with time_step(console, "release", "") as what:
            waits = release(
                settings.warehouse,
                small.warehouse,
                at=datetime.fromisoformat(manifest["published_at"]),
                held=live.get("health", {}).get("held", []),
            )
            what.append(count_things(len(waits), "hand-over"))
        remember(settings.warehouse, night, seen)
    return IntradayRun(leads, waits, warnings, manifest["publication_id"])


@contextmanager
def keep_folder(warehouse: Path) -> Iterator[Path]:
    """The folder of the small warehouse, beside the warehouse, for its owner alone. What is of
    people goes when the block ends; the rule book that was read stays."""
    folder = warehouse.with_name(f".{warehouse.stem}.intraday")
    folder.mkdir(mode=0o700, exist_ok=True)
    clear(folder)
    try:
        yield folder
    finally:
        clear(folder)


def clear(folder: Path) -> None:
    """Delete what a run on the small warehouse leaves, but for the rule book."""
    for path in folder.iterdir():
        if path.name.startswith("rules-"):
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def demand_night(settings: Settings) -> Manifest:
    """The live publication, where it is today's by the rule book of the settings. Raises Unusable
    with what to do where it is not."""
    live = read_current(settings.published)
    (today,) = settings.as_of_dates
    if live is None or date.fromisoformat(live["as_of_date"]) != today:
        raise Unusable(
            f"Nothing is published as of {today} yet: `leads run` scores everybody, once a day; "
            "what loads after it is scored by intraday runs."
        )
    if "intraday_leads.parquet" not in live["files"]:
        raise Unusable("What is published is of an earlier version: `leads run` makes it anew.")
    if live["rule_book"]["sha256"] != hash_rules(settings.rules):
        raise Unusable(
            "The rule book is another one than the published one: `leads run` scores everybody by"
            " it."
        )
    return live


def demand_offer(settings: Settings) -> None:
    """Raise WrongUse where the target is none beside which intraday runs work, or several days are
    asked for."""
    if len(settings.as_of_dates) > 1:
        raise WrongUse(
            f"LEADS_AS_OF names {len(settings.as_of_dates)} days, and an intraday run scores as of"
            " one."
        )
    if settings.target not in INTRADAY_TARGETS:
        raise WrongUse(
            f"The target is '{settings.target}', and intraday runs are offered on "
            f"{' and '.join(INTRADAY_TARGETS)} alone: `leads run` scores everybody."
        )


def demand_living_feeds(
    connection: duckdb.DuckDBPyConnection,
    raw: Mapping[str, RawRows],
    since: Mapping[str, datetime],
) -> None:
    """Raise Unusable where a feed that stood still in the night has loaded since: the points of
    everybody move then. `connection` is in the warehouse."""
    stale = connection.execute(
        "select table_name from intermediate.int_feeds where is_stale"
    ).fetchall()
    for (name,) in stale:
        if name in raw and find_seen(connection, {name: raw[name]}, since):
            raise Unusable(
                f"{name} stood still in the night and has loaded since, which moves everybody's "
                "points: `leads run` scores all."
            )


def release(warehouse: Path, small: Path, *, at: datetime, held: Sequence[str]) -> list[float]:
    """Put the hand-overs of the touched leads into the warehouse, as released, and their messages
    into the outbox, also those that a run before was killed over; messages of leads that came back
    are withdrawn. What the night held back, of the models `held`, stays so. Returns for each that
    was released how many seconds it took since what it is due to had loaded."""
    time = at.astimezone(UTC).replace(tzinfo=None)
    with open_warehouse(warehouse) as connection:
        connection.execute(f"attach {quote(small)} as small (read_only)")
        theirs = "lead_id in (from small.main.touched_leads)"
        connection.execute("begin")
        connection.execute(
            f"create temp table decided as from small.main.hand_overs where {theirs}"
        )
        released = connection.execute(
            "update decided set released_at = $time"
            " where released_at is null and not list_contains($held::varchar[], model_id)"
            " returning loaded_at",
            {"time": time, "held": list(held)},
        ).fetchall()
        for table in ("hand_over_rules", "hand_overs"):
            connection.execute(
                f"delete from {table} where idempotency_key in"
                f" (select idempotency_key from hand_overs where {theirs})"
            )
        connection.execute("insert into hand_overs by name from decided")
        connection.execute(
            "insert into hand_over_rules by name from small.main.hand_over_rules"
            " where idempotency_key in (select idempotency_key from decided)"
        )
        connection.execute("commit")
        rows = fetch_rows(connection, "from decided")
        connection.execute("drop table decided")
    with open_outbox(find_outbox(warehouse)) as outbox:
        states = read_states(outbox)
        is_out = [row for row in rows if row["released_at"] and not row["recycled_on"]]
        due = [row for row in is_out if row["idempotency_key"] not in states]
        put_messages(outbox, {row["idempotency_key"]: make_payload(row) for row in due}, at=at)
        back = {
            row["idempotency_key"]: f"recycled on {row['recycled_on']}"
            for row in rows
            if row["recycled_on"] and states.get(row["idempotency_key"]) in ("pending", "dead")
        }
        withdraw_messages(outbox, back)
    return [(time - loaded_at).total_seconds() for (loaded_at,) in released]
