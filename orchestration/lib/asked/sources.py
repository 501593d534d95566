"""What belongs here: what LEADS_SOURCES makes of vendors' tables: where the rows of each raw table
come from, what was left out and why, who joined whom, what is not there. Asked of the tables
themselves, in a copy of the warehouse; nothing else is built, and nothing is published."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, TextIO

import duckdb

from orchestration.lib.asked.scratch import build, open_scratch
from orchestration.lib.basics.outcomes import Answer, WrongUse
from orchestration.lib.basics.progress import count_things
from orchestration.lib.basics.rows import fetch_rows
from orchestration.lib.basics.settings import Settings
from orchestration.lib.basics.warehouse import attach_warehouse

Row = dict[str, Any]

# What the rows of a raw table are versions of.
THINGS = {
    "crm.leads": "lead",
    "crm.lead_attributes": "custom field",
    "crm.accounts": "account",
    "crm.opportunities": "deal",
}

# Why the raw table has fewer rows than its sources together.
LEFT_OUT_IN_JOINING = {
    "crm.leads": "of people who are one lead with another of the same source",
    "crm.lead_attributes": "of fields that an earlier source knows",
}

QUESTIONS = {
    "tables": "select * from {}.source_tables order by table_name, vendor",
    "row_counts": """
        select * from {}.source_row_counts
        order by vendor, vendor_table, table_name nulls last, reason nulls first
    """,
    "people": """
        select vendor, joined_by, count(*) as person_count from {}.source_people
        group by vendor, joined_by order by vendor, joined_by nulls last
    """,
    "joined": """
        select table_name, max(row_count) as row_count from {}.source_columns
        group by table_name order by table_name
    """,
    "empty_columns": """
        select table_name, column_name from {}.source_columns
        where value_count = 0 and row_count > 0 order by table_name, column_name
    """,
    "gaps": "select * from {}.source_gaps order by vendor, vendor_table, column_name",
}


def answer_sources(settings: Settings, *, folder: Path, console: TextIO) -> Answer:
    """Read the tables that LEADS_SOURCES names and tell what becomes of them. Raises WrongUse where
    it names none, ValueError with dbt's sentence where a table cannot be read."""
    if not settings.sources:
        raise WrongUse(
            "LEADS_SOURCES names no source, so that raw tables are read as they lie: set it to "
            "those whose tables Fivetran lands, as LEADS_SOURCES=hubspot."
        )
    with open_scratch(settings, folder) as scratch:
        build(scratch, folder, console, "--select", "path:models/sources", "source_words")
        with attach_warehouse(scratch.warehouse) as connection:
            found = ask(connection)
    return Answer(describe_sources(found, settings.sources), {"sources": settings.sources, **found})


def ask(connection: duckdb.DuckDBPyConnection) -> dict[str, list[Row]]:
    """The rows of each of QUESTIONS, of the attached `warehouse`."""
    return {
        name: fetch_rows(connection, question.format("warehouse.sources"))
        for name, question in QUESTIONS.items()
    }


def describe_sources(found: dict[str, list[Row]], sources: Sequence[str]) -> list[str]:
    """The lines on what was found, a paragraph per question."""
    return [
        *describe_tables(found),
        *describe_left_out(found["row_counts"]),
        *describe_people(found["people"], sources),
        *describe_empty_columns(found["empty_columns"]),
        *describe_gaps(found["gaps"]),
    ]


def describe_tables(found: dict[str, list[Row]]) -> list[str]:
    """Of each raw table its rows and where they come from."""
    lines = []
    joined = {row["table_name"]: row["row_count"] for row in found["joined"]}
    for table, rows in groupby(found["tables"], key=itemgetter("table_name")):
        parts = [row for row in rows if row["row_count"]]
        lines += ["", f"{table}: {count_things(joined.get(table, 0), 'row')}"]
        for part in parts:
            versions = describe_versions(table, part)
            lines.append(f"  {part['vendor']}: {count_things(part['row_count'], 'row')}{versions}")
            lines += [
                f"    {row['vendor_table']}: {row['row_count']:,}"
                + (f", {row['reason']}" if row["reason"] else "")
                for row in found["row_counts"]
                if (row["vendor"], row["table_name"]) == (part["vendor"], table)
            ]
        lost = sum(part["row_count"] for part in parts) - joined.get(table, 0)
        if lost:
            lines.append(f"  left out: {lost:,} {LEFT_OUT_IN_JOINING[table]}")
    return lines[1:]


def describe_versions(table: str, part: Row) -> str:
    """Whether the rows of a raw table are versions, in words."""
    if table not in THINGS or not part["row_count"]:
        return ""
    things = count_things(part["key_count"], THINGS[table])
    if part["row_count"] > part["key_count"]:
        return f", versions of {things}"
    return f" of {things}, no older versions: a past day is known as it is today"


def describe_left_out(rows: Iterable[Row]) -> list[str]:
    """What is in no raw table, and why."""
    counts = list(rows)
    if not counts:
        return []
    out = [row for row in counts if row["table_name"] is None]
    total, lost = (sum(row["row_count"] for row in some) for some in (counts, out))
    tables = {(row["vendor"], row["vendor_table"]) for row in counts}
    lines = [
        f"Of {count_things(total, 'row')} in {count_things(len(tables), 'table')} of sources "
        f"{lost:,} {'is' if lost == 1 else 'are'} left out"
    ]
    lines += [
        f"  {row['vendor']}.{row['vendor_table']}: {row['row_count']:,}, {row['reason']}"
        for row in out
    ]
    return ["", *lines]


def describe_people(rows: Iterable[Row], sources: Sequence[str]) -> list[str]:
    """How many people of each source but the first are whom an earlier one has."""
    counts = {(row["vendor"], row["joined_by"]): row["person_count"] for row in rows}
    vendors = [name for name in sources if any(vendor == name for vendor, _ in counts)]
    lines = []
    for vendor in vendors[1:]:
        own, linked, addressed = (
            counts.get((vendor, joined_by), 0) for joined_by in (None, "link", "address")
        )
        earlier = " or ".join(vendors[: vendors.index(vendor)])
        lines.append(
            f"Of {own + linked + addressed:,} people of {vendor} {linked:,} joined a lead of "
            f"{earlier} by a link, {addressed:,} by their address; the other {own:,} are leads of "
            "their own"
        )
    return ["", *lines] if lines else []


def describe_empty_columns(rows: Iterable[Row]) -> list[str]:
    """The columns of the contract that have no value in any row."""
    lines = [
        f"{table} has nothing in {', '.join(row['column_name'] for row in some)}"
        for table, some in groupby(rows, key=itemgetter("table_name"))
    ]
    return ["", *lines] if lines else []


def describe_gaps(rows: Iterable[Row]) -> list[str]:
    """The tables and columns that a source could have."""
    lines = []
    for vendor, some in groupby(rows, key=itemgetter("vendor")):
        gaps = list(some)
        tables = [row["vendor_table"] for row in gaps if row["column_name"] is None]
        if tables:
            lines.append(f"{vendor} lacks the tables {', '.join(tables)}: the rest works")
        columns = [row for row in gaps if row["column_name"]]
        lines += [
            f"{vendor}.{table} lacks {', '.join(row['column_name'] for row in missing)}"
            for table, missing in groupby(columns, key=itemgetter("vendor_table"))
        ]
    return ["", *lines] if lines else []
