"""What belongs here: the readable end of a run. What was found, in a screenful of plain text."""

import textwrap
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lib.page import count_quarantined, count_tiers, find_best_leads
from orchestration.lib.publication import read_current

BEST_LEADS = 10
QUARANTINE_LINES = 12


def summarize(published: Path) -> str:
    """The live publication of the folder `published` in words: leads per tier, the best leads with
    their reasons, the rows that were set aside, and where it lies."""
    manifest = read_current(published)
    with duckdb.connect(str(published / "leads.duckdb"), read_only=True) as connection:
        tiers = count_tiers(connection, manifest)
        leads = find_best_leads(connection, limit=BEST_LEADS)
        quarantined = count_quarantined(connection)
    return "\n".join(
        [
            *describe_tiers(tiers, manifest),
            "",
            *describe_leads(leads),
            "",
            *describe_quarantine(quarantined),
            "",
            *describe_place(published, manifest),
        ]
    )


def describe_tiers(tiers: list[dict[str, Any]], manifest: dict[str, Any]) -> list[str]:
    """One line per tier, the highest first, under one headline per model."""
    lines = []
    for model_id, model in manifest["rule_book"]["models"].items():
        rows = [row for row in tiers if row["model_id"] == model_id]
        total = sum(row["leads"] for row in rows)
        lines.append(
            f"{total:,} leads as of {manifest['as_of_date']}, rule book {model_id} "
            f"{model['version']}"
        )
        width = max(len(row["tier"] or "no tier") for row in rows)
        for row in rows:
            start = "" if row["enter_at"] is None else f"from {row['enter_at']:g}"
            excluded = f"  ({row['excluded']:,} excluded)" if row["excluded"] else ""
            lines.append(
                f"  {row['tier'] or 'no tier':<{width}}  {start:>9}  {row['leads']:>9,}"
                f"  {row['share']:>6.1%}{excluded}"
            )
    return lines


def describe_leads(leads: list[dict[str, Any]]) -> list[str]:
    """Two lines per lead: id, score, grade and tier; its reasons."""
    lines = [f"The {len(leads)} best leads"]
    for lead in leads:
        grade = lead["grade"] or "--"
        lines.append(
            f"  {lead['score']:>8.2f}  {grade}  {lead['tier'] or 'no tier':<15}  {lead['lead_id']}"
        )
        lines += textwrap.wrap(
            lead["top_reasons"] or "",
            width=100,
            initial_indent=" " * 12,
            subsequent_indent=" " * 12,
        )
    return lines


def describe_quarantine(quarantined: list[dict[str, Any]]) -> list[str]:
    """How many rows of which table were set aside, and why."""
    if not quarantined:
        return ["No raw row was set aside."]
    total = sum(row["rows"] for row in quarantined)
    lines = [f"{total:,} raw rows were set aside (table quarantine)"]
    for row in quarantined[:QUARANTINE_LINES]:
        lines.append(
            f"  {row['rows']:>8,}  {row['table_name']}: {row['column_name']} {row['reason']}"
        )
    if len(quarantined) > QUARANTINE_LINES:
        others = quarantined[QUARANTINE_LINES:]
        rows = sum(row["rows"] for row in others)
        lines.append(f"  {rows:>8,}  for {len(others)} other reasons")
    return lines


def describe_place(published: Path, manifest: dict[str, Any]) -> list[str]:
    """Where the publication lies, and how to look at it."""
    return [
        f"Published as {manifest['publication_id']}",
        f"  {published / 'leads.duckdb'}  (and one Parquet file per mart beside it)",
        f"  {published / 'index.html'}  (open it in a browser: tiers, best leads, every point)",
    ]
