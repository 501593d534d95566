"""What belongs here: whether the raw tables look as they usually do, before tiers are made of them.

Only what was published is a past to compare with, whatever warehouse or raw files it came from: a
run that was blocked must not make what blocked it usual. feed_health carries that past along, from
publication to publication. With what was accepted a new past begins.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb

from orchestration.lib.basics.rows import fetch_rows
from orchestration.lib.basics.settings import PROJECT_ROOT, read_variables
from orchestration.lib.checked.health import (
    Judged,
    Measured,
    Past,
    Row,
    choose_limits,
    demand_health,
    find_acceptances,
    find_last,
    judge,
    list_refused,
    make_row,
    read_limits,
    read_mart,
    write_rows,
)
from orchestration.lib.decided.acceptances import Acceptance, note_refusals
from orchestration.lib.published.publication import Manifest

# How many published days say what is usual, and how long they are kept.
PAST_DAYS = 14
KEPT_DAYS = 90

# What hangs on the season and not on the table alone.
OF_A_DAY = {
    "quarantined_share_7d",
    "occurred_per_day",
    "loaded_per_day",
    "days_since_occurred",
    "days_since_loaded",
    "lead_found_share",
}


def approve_feeds(
    connection: duckdb.DuckDBPyConnection, *, warehouse: Path, published: Path
) -> list[Judged]:
    """Judge the raw tables as int_feed_measures has measured them and write feed_health anew, the
    past included. Raises ValueError, with feed_health written, where one of them blocks on the
    newest day."""
    judged = judge_feeds(
        connection, last=find_last(published), acceptances=find_acceptances(warehouse, published)
    )
    newest = [row for row in judged if row.measured.as_of == judged[-1].measured.as_of]
    note_refusals(warehouse, list_refused(newest))
    demand_health(newest)
    return judged


def judge_feeds(
    connection: duckdb.DuckDBPyConnection,
    *,
    last: tuple[Manifest, Path] | None,
    acceptances: Mapping[str, Acceptance],
) -> list[Judged]:
    """Judge what int_feed_measures holds, day by day, and write feed_health: those days, and of
    other days what the publication `last` holds."""
    variables = read_variables(PROJECT_ROOT)
    measures = connection.execute(
        "select as_of_date, table_name, measure, value, row_count, own_usual"
        " from intermediate.int_feed_measures order by as_of_date, table_name, measure"
    ).fetchall()
    limits = read_limits(connection, "feeds")
    connection.execute("begin")
    try:
        read_history(connection, last, newest=measures[-1][0])
        history: dict[tuple[str, str], dict[date, Row]] = {}
        for row in fetch_rows(connection, "select * from feed_health"):
            of_measure = history.setdefault((row["table_name"], row["measure"]), {})
            of_measure[row["as_of_date"]] = row
        judged = []
        for *values, own_usual in measures:
            measured = Measured(*values)
            of_measure = history.setdefault((measured.subject, measured.measure), {})
            past = choose_past(of_measure, measured, within_days=variables["compared_within_days"])
            is_own = not past and bool(own_usual)
            if is_own:
                past = [(own_usual, own_usual * variables["feed_window_days"])]
            found = judge(
                measured,
                limits=choose_limits(limits, measured),
                past=past,
                is_own=is_own,
                acceptance=acceptances.get(measured.what),
            )
            found = keep_acceptance(found, of_measure.get(measured.as_of))
            # What blocks is no past, also for the days after it.
            if found.verdict != "block":
                of_measure[measured.as_of] = {"table_name": measured.subject, **make_row(found)}
            judged.append(found)
        connection.execute(
            "delete from feed_health"
            " where as_of_date in (select as_of_date from intermediate.int_feed_measures)"
        )
        write_rows(connection, "feed_health", judged, subject="table_name")
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise
    return judged


def read_history(
    connection: duckdb.DuckDBPyConnection, last: tuple[Manifest, Path] | None, *, newest: date
) -> None:
    """Put into feed_health what the publication `last` knows of the past, and nothing else."""
    connection.execute("delete from feed_health")
    if last is None:
        return
    manifest, folder = last
    if (folder / "feed_health.parquet").is_file():
        connection.execute(
            f"insert into feed_health by name from {read_mart(folder, 'feed_health')}"
            f" where abs(as_of_date - ?) <= {KEPT_DAYS}",
            [newest],
        )
    # Publications made before there was feed_health know how many rows there were.
    elif manifest.get("raw_row_counts"):
        rows = [
            (manifest["as_of_date"], table, "rows", count, count, "ok")
            for table, count in manifest["raw_row_counts"].items()
        ]
        connection.executemany(
            "insert into feed_health (as_of_date, table_name, measure, value, row_count, verdict)"
            " values (?, ?, ?, ?, ?, ?)",
            rows,
        )


def choose_past(history: Mapping[date, Row], measured: Measured, *, within_days: int) -> list[Past]:
    """Of the days that were published those that say what is usual for a value: the nearest ones,
    none before the last that was accepted; of what hangs on the season none too far away."""
    accepted = [day for day, row in history.items() if row["verdict"] == "accepted"]
    since = max(accepted, default=date.min)
    days = [
        day
        for day, row in history.items()
        if day >= since
        and row["verdict"] != "block"
        and (measured.kind not in OF_A_DAY or abs((day - measured.as_of).days) <= within_days)
    ]
    days.sort(key=lambda day: abs((day - measured.as_of).days))
    return [
        (float(history[day]["value"]), float(history[day]["row_count"] or 0))
        for day in days[:PAST_DAYS]
    ]


def keep_acceptance(judged: Judged, before: Row | None) -> Judged:
    """A day that is judged again stays accepted where it was: its past begins with it."""
    if judged.verdict == "block" or not before or before["verdict"] != "accepted":
        return judged
    return replace(
        judged,
        verdict="accepted",
        accepted_by=before["accepted_by"],
        accepted_because=before["accepted_because"],
    )
