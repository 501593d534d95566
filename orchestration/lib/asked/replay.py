"""What belongs here: past days scored again, beside what is live.

It scores the days in one pass, by the rule book valid on each of them, in a copy of the warehouse
under build/replay, so that facts that are there already are not made again. The real warehouse and
the publication stay as they are.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TextIO

import duckdb

from orchestration.lib.asked.scratch import build, open_scratch, tier
from orchestration.lib.basics.outcomes import Answer, WrongUse
from orchestration.lib.basics.rows import Row, fetch_rows
from orchestration.lib.basics.settings import (
    PROJECT_ROOT,
    Settings,
    default_as_of,
    read_days,
    write_days,
)
from orchestration.lib.built.dbt_command import AFTER_TIERS

FOLDER = PROJECT_ROOT / "build" / "replay"

SENSES = {
    "now": "as they were: every row that has loaded by now counts",
    "then": "as they were known: of each day only the rows that had loaded by then count",
}


def choose_days(settings: Settings, text: str, *, today: date | None = None) -> Settings:
    """The settings with the days that `text` names as the as-of dates.

    Raises ValueError where it names none, something else, or a day later than the one that would be
    scored today.
    """
    days = read_days(text, name="DAYS")
    if not days:
        raise WrongUse(
            "Say which days to replay: leads replay 2026-03-01..2026-03-31, or some of them as "
            "2026-03-01,2026-03-15; with --known then for what was known on each of them."
        )
    last = default_as_of(
        settings.project, settings.warehouse, has_raw=settings.raw is not None, today=today
    )
    if days[-1] > last:
        raise WrongUse(
            f"DAYS is '{text}', but nothing is known of {days[-1]} yet: the last day that can be "
            f"replayed is {last}."
        )
    return replace(settings, as_of_dates=days)


def replay(settings: Settings, *, folder: Path, console: TextIO) -> Answer:
    """Score the days of `settings` into `folder`, and tell what they look like. Raises ValueError
    where the rule book or the raw data cannot work."""
    with open_scratch(settings, folder) as scratch:
        build(scratch, folder, console, "--exclude", AFTER_TIERS)
        tier(scratch, console)
        build(scratch, folder, console, "--select", AFTER_TIERS)
        with duckdb.connect(str(scratch.warehouse), read_only=True) as connection:
            days = count_leads(connection)
    lines = [
        *describe_days(days, days=scratch.as_of_dates),
        "",
        f"The marts of these days: {scratch.warehouse}",
        "The warehouse and the publication are as they were.",
    ]
    return Answer(lines, {"known": settings.known, "days": days, "warehouse": scratch.warehouse})


def count_leads(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """One row per model and day: model_id, as_of_date, leads, mean_score (None where none is
    known), tiers (leads by tier, the highest first, those without a tier last)."""
    return fetch_rows(
        connection,
        """
        with steps as (
            select trim(model_id) as model_id, trim(tier) as tier, cast(enter_at as double) as place
            from rules.tiers
            group by all
        ),

        leads as (
            select model_id, as_of_date, lead_id, score, coalesce(tier, 'no tier') as tier, place
            from lead_scores
            left join lead_tiers using (as_of_date, model_id, lead_id)
            left join steps using (model_id, tier)
        ),

        tiers as (
            select model_id, tier, max(place) as place
            from leads
            group by all
        ),

        days as (
            select model_id, as_of_date, count(*) as leads, avg(score) as mean_score
            from leads
            group by all
        ),

        counted as (
            select
                days.model_id,
                days.as_of_date,
                tiers.tier,
                tiers.place,
                count(leads.lead_id) as leads
            from days
            inner join tiers using (model_id)
            left join leads using (model_id, as_of_date, tier)
            group by all
        )

        select
            days.*,
            map(
                list(counted.tier order by counted.place desc nulls last),
                list(counted.leads order by counted.place desc nulls last)
            ) as tiers
        from days
        inner join counted using (model_id, as_of_date)
        group by all
        order by model_id, as_of_date
        """,
    )


def describe_days(rows: list[Row], *, days: Sequence[date]) -> list[str]:
    """A table per model, with a line per day; which of `days` have no lead."""
    lines = []
    for model_id in dict.fromkeys(row["model_id"] for row in rows):
        lines += ["", *describe_model([row for row in rows if row["model_id"] == model_id])]
    scored = {row["as_of_date"] for row in rows}
    empty = [day for day in days if day not in scored]
    if empty:
        lines += ["", f"There was no lead yet, so nothing is scored: {write_days(empty)}"]
    return lines[1:]


def describe_model(rows: list[Row]) -> list[str]:
    """The days of one model: how many leads, their mean score, how many of them in each tier.

    >>> print("\\n".join(describe_model([{"model_id": "b2b", "as_of_date": date(2026, 3, 1),
    ...     "leads": 1204, "mean_score": 21.5, "tiers": {"sales": 204, "no tier": 1000}}])))
    b2b            leads  mean score  sales  no tier
      2026-03-01   1,204       21.50    204    1,000
    """
    widths = {tier: max(len(tier), 5) + 2 for tier in rows[0]["tiers"]}
    head = "".join(f"{tier:>{width}}" for tier, width in widths.items())
    lines = [f"{rows[0]['model_id']:<12}{'leads':>8}{'mean score':>12}{head}"]
    for row in rows:
        mean = "unknown" if row["mean_score"] is None else f"{row['mean_score']:.2f}"
        counts = "".join(f"{row['tiers'][tier]:>{width},}" for tier, width in widths.items())
        lines.append(f"  {row['as_of_date']}{row['leads']:>8,}{mean:>12}{counts}")
    return lines
