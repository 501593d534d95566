"""What belongs here: what has been looked at since the day's first run, and what is new."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from orchestration.lib.basics.quoting import quote
from orchestration.lib.basics.settings import Settings
from orchestration.lib.intraday.raw_rows import RawRows
from orchestration.lib.published.publication import Manifest

# The events, of whose loads the warehouse keeps days alone.
EVENTS = ("crm.activities", "email.events", "web.events")
FIRST_TIME = datetime(1970, 1, 1)


@dataclass(frozen=True)
class Night:
    """The daily run that a publication stands on, and when it was published, UTC."""

    run_id: str
    published_at: datetime


def find_night(manifest: Manifest) -> Night:
    """The daily run that a publication stands on: its own, or that before its intraday runs."""
    told = manifest.get("intraday")
    run_id, at = (
        (told["night_run_id"], told["night_published_at"])
        if told
        else (manifest["run_id"], manifest["published_at"])
    )
    return Night(run_id, read_time(at))


def read_time(text: str) -> datetime:
    """A time of a manifest, UTC; one without a zone is.

    >>> read_time("2026-06-30T08:00:00+02:00"), read_time("2026-06-30T06:00:00")
    (datetime.datetime(2026, 6, 30, 6, 0), datetime.datetime(2026, 6, 30, 6, 0))
    """
    at = datetime.fromisoformat(text)
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at


def find_state(warehouse: Path) -> Path:
    """The file that says until when raw rows have been looked at since the day's first run."""
    return warehouse.with_name(f"{warehouse.stem}.intraday.json")


def remember(warehouse: Path, night: Night, seen: Mapping[str, tuple[datetime, int]]) -> None:
    """Note until when each raw table has been looked at since the `night`."""
    fresh = find_state(warehouse).with_suffix(".fresh")
    fresh.write_text(
        json.dumps(
            {
                "night_run_id": night.run_id,
                "seen": {name: [at.isoformat(), rows] for name, (at, rows) in seen.items()},
            }
        )
    )
    fresh.replace(find_state(warehouse))


def find_since(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    seen: Mapping[str, tuple[datetime, int]],
    raw: Mapping[str, RawRows],
) -> dict[str, datetime]:
    """From which time on rows of each raw table are new, by what intraday runs have `seen`, else by
    what the warehouse that `connection` is in has read."""
    since = {}
    (today,) = settings.as_of_dates
    for name, rows in raw.items():
        if name in seen:
            at, count = seen[name]
            # What loaded at the very time of the last row may have come after it was read.
            is_all = count == count_loaded_at(connection, rows, at)
            since[name] = at + timedelta(microseconds=1) if is_all else at
            continue
        source, _, table = name.partition(".")
        query = (
            "select max(loaded_on) from intermediate.event_loads_read"
            f" where table_name = {quote(name)} and loaded_on <= {quote(today)}::date"
            if name in EVENTS
            else f"select max(_loaded_at) from staging.base_{source}__{table}"
            f" where _loaded_at < {quote(today)}::date + 1"
        )
        (last,) = connection.execute(query).fetchone()
        since[name] = datetime.fromisoformat(str(last)) if last else FIRST_TIME
    return since


def read_seen(warehouse: Path, night: Night) -> dict[str, tuple[datetime, int]]:
    """When the newest row of each raw table that intraday runs have looked at since the `night`
    loaded, and how many loaded at that time."""
    file = find_state(warehouse)
    told = json.loads(file.read_text()) if file.exists() else {}
    if told.get("night_run_id") != night.run_id:
        return {}
    return {name: (datetime.fromisoformat(at), rows) for name, (at, rows) in told["seen"].items()}


def count_loaded_at(connection: duckdb.DuckDBPyConnection, rows: RawRows, at: datetime) -> int:
    """How many rows of a raw table loaded at one time."""
    return connection.execute(
        f"select count(*) from {rows.query}"
        f" where {rows.time('_loaded_at')} = {quote(at)}::timestamp"
    ).fetchone()[0]


def find_seen(
    connection: duckdb.DuckDBPyConnection,
    raw: Mapping[str, RawRows],
    since: Mapping[str, datetime],
) -> dict[str, tuple[datetime, int]]:
    """When the newest of the new rows of each raw table loaded, no time that lies ahead, and how
    many loaded at that time; of tables without new rows nothing."""
    seen = {}
    for name, rows in raw.items():
        loaded = rows.time("_loaded_at")
        (last,) = connection.execute(
            f"select max({loaded}) from {rows.query}"
            f" where {loaded} >= {quote(since[name])}::timestamp and {loaded} <= now()::timestamp"
        ).fetchone()
        if last:
            seen[name] = (last, count_loaded_at(connection, rows, last))
    return seen
