"""What belongs here: whether as much has loaded so far today as usually by this time. A day in
progress is not measured by what a whole day brings.

What is usual is noted by every run, so that a feed which falls silent is noticed where nothing
runs, since nothing loads.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from pathlib import Path

import duckdb

from orchestration.lib.basics.quoting import quote
from orchestration.lib.basics.settings import Settings
from orchestration.lib.checked.health import (
    Limit,
    Measured,
    choose_limits,
    find_acceptances,
    judge,
    read_limits,
)
from orchestration.lib.intraday.guard import demand_approval
from orchestration.lib.intraday.raw_rows import RawRows

MEASURE = "loaded_today"

# The same weekday of as many weeks before says what is usual.
WEEKS = 4
# So many minutes apart it is noted what is usual: 96 times a day.
MINUTES = 15
STEPS = 24 * 60 // MINUTES

# How many rows have loaded on each day and in each part of it, all of them and those until the time
# of $until; of the day of $until none after it.
LOADED = """
select
    date_diff('day', {loaded_at}::date, $until::date) as days_ago,
    date_diff('minute', {loaded_at}::date::timestamp, {loaded_at}) // {minutes} as step,
    count(*) as all_rows,
    count(*) filter ({loaded_at}::time <= $until::time) as rows_so_far
from {rows}
where {loaded_at} between {since} and $until
group by days_ago, step
"""


@dataclass(frozen=True)
class Loaded:
    """How many rows of a raw table have loaded so far `today`, and on the same weekday of each week
    before, the last one first: `before` by the same time, `by_step` by the end of each step of the
    day. No week that lies before the table's first load."""

    today: int
    before: list[int]
    by_step: list[list[int]]


def judge_loads(
    connection: duckdb.DuckDBPyConnection, raw: Mapping[str, RawRows], settings: Settings
) -> list[str]:
    """What is to be warned of: raw tables of which fewer or more rows have loaded so far on the
    as-of date than feeds.csv lets them, measure loaded_today. `connection` is in the warehouse.
    Raises Refused where one blocks and nobody has accepted it."""
    (as_of,) = settings.as_of_dates
    until = min(find_now(), datetime.combine(as_of, time.max))
    all_limits = read_limits(connection, "feeds")
    acceptances = find_acceptances(settings.warehouse, settings.published)
    judged, usual = [], {}
    for name, rows in raw.items():
        limits = choose_limits(all_limits, Measured(as_of, name, MEASURE, 0))
        if limits:
            loaded = count_loaded(connection, rows, until)
            past = [(count, count) for count in loaded.before]
            measured = Measured(as_of, name, MEASURE, loaded.today, loaded.today)
            acceptance = acceptances.get(measured.what)
            judged.append(judge(measured, limits=limits, past=past, acceptance=acceptance))
            usual[name] = {"limits": [asdict(limit) for limit in limits], **asdict(loaded)}
    note_usual(settings.warehouse, as_of, usual)
    demand_approval(judged, settings.warehouse)
    return [row.sentence for row in judged if row.verdict == "warn"]


def find_now() -> datetime:
    """Now, UTC."""
    return datetime.now(UTC).replace(tzinfo=None)


def count_loaded(connection: duckdb.DuckDBPyConnection, rows: RawRows, until: datetime) -> Loaded:
    """How many rows have loaded by this time of the day, and on the same weekday of each of the
    WEEKS before."""
    since = datetime.combine(until.date(), time.min) - timedelta(weeks=WEEKS)
    query = LOADED.format(
        loaded_at=rows.time("_loaded_at"),
        rows=rows.query,
        minutes=MINUTES,
        # A literal: files and blocks of rows that are older are passed over.
        since=f"{quote(since)}::timestamp",
    )
    found = connection.execute(query, {"until": until}).fetchall()
    weeks = max((days_ago for days_ago, *_ in found), default=0) // 7
    so_far = [0] * (weeks + 1)
    by_step = [[0] * STEPS for _ in so_far]
    for days_ago, step, all_rows, rows_so_far in found:
        if days_ago % 7 == 0:
            so_far[days_ago // 7] += rows_so_far
            by_step[days_ago // 7][step] = all_rows
    return Loaded(so_far[0], so_far[1:], [list(accumulate(week)) for week in by_step[1:]])


def find_note(warehouse: Path) -> Path:
    """The file that says how many rows of raw tables have usually loaded by when: numbers alone."""
    return warehouse.with_name(f"{warehouse.stem}.loads.json")


def note_usual(warehouse: Path, as_of: date, usual: Mapping[str, object]) -> None:
    """Note what a run has found of each raw table, for judge_silence."""
    fresh = find_note(warehouse).with_suffix(".fresh")
    fresh.write_text(json.dumps({"as_of": str(as_of), "tables": usual}))
    fresh.replace(find_note(warehouse))


def judge_silence(settings: Settings) -> dict[str, str]:
    """The raw tables of which, where nothing has loaded since the last run, fewer rows have loaded
    so far than feeds.csv lets them, with what is to be said of each. By what the last run of the
    day has noted: no row is read."""
    file = find_note(settings.warehouse)
    told = json.loads(file.read_text()) if file.exists() else {}
    (as_of,) = settings.as_of_dates
    now = find_now()
    steps = (now.hour * 60 + now.minute) // MINUTES if now.date() == as_of else STEPS
    if told.get("as_of") != str(as_of) or now.date() < as_of or not steps:
        return {}
    silent = {}
    for name, table in told["tables"].items():
        judged = judge(
            Measured(as_of, name, MEASURE, table["today"], table["today"]),
            limits=[Limit(**limit) for limit in table["limits"]],
            past=[(week[steps - 1],) * 2 for week in table["by_step"]],
        )
        if judged.low is not None and judged.measured.value < judged.low and judged.sentence:
            silent[name] = judged.sentence
    return silent
