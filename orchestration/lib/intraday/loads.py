"""What belongs here: whether as much has loaded so far today as usually by this time. A day in
progress is not measured by what a whole day brings."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta

import duckdb

from orchestration.lib.basics.quoting import quote
from orchestration.lib.basics.settings import Settings
from orchestration.lib.checked.health import (
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

# How many rows had loaded by the same time on that weekday, week by week, this one 0; none before
# the table's first load is a week.
LOADED = """
with loads as (
    select
        date_diff('day', {loaded_at}::date, $until::date) as days_ago,
        {loaded_at}::time as at,
        {loaded_at} as loaded_at
    from {rows}
    where {loaded_at} between {since} and $until
)

select weeks.week, count(loads.loaded_at)
from range({weeks} + 1) as weeks(week)
left join loads on loads.days_ago = 7 * weeks.week and loads.at <= $until::time
where 7 * weeks.week <= (select max(days_ago) from loads)
group by weeks.week
order by weeks.week
"""


def judge_loads(
    connection: duckdb.DuckDBPyConnection, raw: Mapping[str, RawRows], settings: Settings
) -> list[str]:
    """What is to be warned of: raw tables of which fewer or more rows have loaded so far on the
    as-of date than feeds.csv lets them, measure loaded_today. `connection` is in the warehouse.
    Raises Refused where one blocks and nobody has accepted it."""
    (as_of,) = settings.as_of_dates
    until = min(find_now(), datetime.combine(as_of, time.max))
    limits = read_limits(connection, "feeds")
    acceptances = find_acceptances(settings.warehouse, settings.published)
    judged = []
    for name, rows in raw.items():
        by_name = Measured(as_of, name, MEASURE, 0)
        if not choose_limits(limits, by_name):
            continue
        now, *before = count_loaded(connection, rows, until) or [0]
        measured = Measured(as_of, name, MEASURE, now, now)
        judged.append(
            judge(
                measured,
                limits=choose_limits(limits, measured),
                past=[(count, count) for count in before],
                acceptance=acceptances.get(measured.what),
            )
        )
    demand_approval(judged, settings.warehouse)
    return [row.sentence for row in judged if row.verdict == "warn"]


def find_now() -> datetime:
    """Now, UTC."""
    return datetime.now(UTC).replace(tzinfo=None)


def count_loaded(
    connection: duckdb.DuckDBPyConnection, rows: RawRows, until: datetime
) -> list[int]:
    """How many rows had loaded by this time of the day, today and on the same weekday of each of
    the WEEKS before, as far back as the table has loads."""
    since = datetime.combine(until.date(), time.min) - timedelta(weeks=WEEKS)
    query = LOADED.format(
        loaded_at=rows.time("_loaded_at"),
        rows=rows.query,
        weeks=WEEKS,
        # A literal: files and blocks of rows that are older are passed over.
        since=f"{quote(since)}::timestamp",
    )
    return [count for _, count in connection.execute(query, {"until": until}).fetchall()]
