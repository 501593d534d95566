"""What belongs here: how long what is kept of people stays. Each daily run drops what is older
than the var `kept_days` of dbt_project.yml says for its place; where it says nothing, it stays.
Facts of events have a var of their own, events_kept_days."""

import os
import time
from datetime import UTC, date, datetime, timedelta

import duckdb

from orchestration.lib.basics.settings import Settings, read_variables
from orchestration.lib.basics.warehouse import list_own_tables, open_warehouse
from orchestration.lib.decided.history import name_part
from orchestration.lib.delivered.outbox import (
    empty_messages,
    find_outbox,
    has_outbox,
    open_outbox,
)
from orchestration.lib.erased.files import OWN_FOLDERS

PLACES = ("history", "hand_overs", "outbox", "snapshots", "publications", "logs")


def read_kept_days(settings: Settings) -> dict[str, int]:
    """For how many days what is kept of people stays, by place; those that say none left out.
    Raises ValueError where the var names another place, or no whole number of days."""
    return check_kept_days(read_variables(settings.project)["kept_days"])


def check_kept_days(told: dict[str, int | None]) -> dict[str, int]:
    """What the var kept_days says. Raises as `read_kept_days` does.

    >>> check_kept_days({"history": 730, "outbox": None})
    {'history': 730}
    >>> check_kept_days({"outbox": 0})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: The var kept_days of dbt_project.yml says '0' for outbox, which is no number of ...
    """
    for place, days in told.items():
        if place not in PLACES:
            raise ValueError(
                f"The var kept_days of dbt_project.yml names '{place}', which is no place: "
                f"{', '.join(PLACES)} are."
            )
        if days is not None and (not isinstance(days, int) or isinstance(days, bool) or days < 1):
            raise ValueError(
                f"The var kept_days of dbt_project.yml says '{days}' for {place}, which is no "
                "number of days: write it as 365, or null for ever."
            )
    return {place: days for place, days in told.items() if days is not None}


def drop_expired(settings: Settings, kept: dict[str, int]) -> dict[str, int]:
    """Drop what is older than its place keeps, as of the newest day of the run; returns how many
    rows, messages and files of each place. Publications are dropped by the next one, Dagster's
    records by its job."""
    as_of = settings.as_of_dates[-1]
    first = {place: as_of - timedelta(days=days) for place, days in kept.items()}
    dropped: dict[str, int] = {}
    if {"history", "hand_overs", "snapshots"} & kept.keys():
        with open_warehouse(settings.warehouse) as connection:
            connection.execute("begin")
            if "history" in first:
                dropped["history"] = drop_history(connection, first["history"])
            if "hand_overs" in first:
                dropped["hand_overs"] = drop_hand_overs(connection, first["hand_overs"])
            if "snapshots" in first:
                dropped["snapshots"] = drop_versions(connection, first["snapshots"])
            connection.execute("commit")
    now = datetime.now(UTC)
    if "outbox" in kept and has_outbox(find_outbox(settings.warehouse)):
        with open_outbox(find_outbox(settings.warehouse)) as outbox:
            dropped["outbox"] = empty_messages(outbox, before=now - timedelta(days=kept["outbox"]))
    if "logs" in kept:
        dropped["logs"] = drop_logs(settings, days=kept["logs"])
    return dropped


def drop_history(connection: duckdb.DuckDBPyConnection, first: date) -> int:
    """Drop what of the history was over before the day `first`; returns how many rows."""
    parts = connection.execute(
        "select part from lead_score_history_parts where part <= ?", [f"{first:%Y-%m}"]
    ).fetchall()
    rows = connection.execute(
        "delete from lead_score_past where valid_to <= ?", [first]
    ).fetchone()[0]
    connection.execute("delete from scored_days where as_of_date < ?", [first])
    for (part,) in parts if rows else []:
        name_part(connection, part)
    return rows


def drop_hand_overs(connection: duckdb.DuckDBPyConnection, first: date) -> int:
    """Drop hand-overs that were recycled before the day `first`, but for a lead's latest, from
    which the next one counts on; returns how many."""
    rows = connection.execute(
        """
        delete from hand_overs
        where recycled_on < ? and (model_id, lead_id, hand_over_number) not in (
            select model_id, lead_id, max(hand_over_number) from hand_overs group by all
        )
        """,
        [first],
    ).fetchone()[0]
    connection.execute(
        "delete from hand_over_rules"
        " where idempotency_key not in (select idempotency_key from hand_overs)"
    )
    return rows


def drop_versions(connection: duckdb.DuckDBPyConnection, first: date) -> int:
    """Drop versions of CRM rows that were over before the day `first`; returns how many."""
    return sum(
        connection.execute(
            f'delete from "{schema}"."{table}" where dbt_valid_to < ?', [first]
        ).fetchone()[0]
        for schema, table in list_own_tables(connection)
        if schema == "snapshots"
    )


def drop_logs(settings: Settings, *, days: int) -> int:
    """Delete logs and copies to try things out in that nobody has written to for so many days;
    returns how many files."""
    oldest = time.time() - days * 86_400
    dropped = 0
    for own in set(OWN_FOLDERS) - {".dagster"}:
        for folder, _, names in os.walk(settings.project / own):
            for name in names:
                file = os.path.join(folder, name)
                if os.lstat(file).st_mtime < oldest:
                    os.unlink(file)
                    dropped += 1
    return dropped
