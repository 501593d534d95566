"""Writes a made-up sample of every raw table: `python -m samples.generate`.

Only the command line, the rows broken on purpose and the writing of files belong here. What
the rows say is decided in `samples.population` and `samples.tables`.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from samples import tables
from samples.population import (
    DAY,
    PEOPLE_PER_COMPANY,
    Window,
    make_companies,
    make_deals,
    make_people,
    stream,
)

EMAIL_SHARE = 0.2
BROKEN_ROWS = 2  # of each kind, in each table

# What is broken on purpose: the key set to null; a size turned negative; a time that lies
# three days after the row was loaded; and, in CSV only, a text that cannot be read.
KEYS = {
    "crm.leads": "lead_id",
    "crm.lead_attributes": "lead_id",
    "crm.accounts": "account_id",
    "crm.opportunities": "opportunity_id",
    "crm.opportunity_stages": "opportunity_id",
    "crm.activities": "activity_id",
    "crm.lead_feedback": "lead_id",
    "web.events": "event_id",
    "email.events": "event_id",
    "email.campaigns": "campaign_id",
}
SIZES = {"crm.leads": "employee_count", "crm.accounts": "employee_count"}
TIMES = {
    "crm.leads": "updated_at",
    "crm.lead_attributes": "updated_at",
    "crm.accounts": "updated_at",
    "crm.opportunities": "updated_at",
    "crm.opportunity_stages": "entered_at",
    "crm.activities": "occurred_at",
    "crm.lead_feedback": "decided_at",
    "web.events": "occurred_at",
    "email.events": "occurred_at",
}
UNREADABLE = {
    "crm.leads": ("employee_count", "about 200"),
    "crm.opportunities": ("amount", "12k"),
    "crm.activities": ("occurred_at", "last Tuesday"),
    "web.events": ("occurred_at", "2026-02-30 25:61:00"),
}


def set_column(rows: pa.Table, column: str, values: pa.Array | pa.ChunkedArray) -> pa.Table:
    """The rows with one column replaced, its type kept."""
    place = rows.schema.get_field_index(column)
    return rows.set_column(place, rows.schema.field(place), values)


def add_broken_rows(table: pa.Table, name: str) -> pa.Table:
    """Append copies of rows, each broken in one way; shape (rows + a handful,).

    The copies have keys of their own, so that no sound row is lost with them.
    """
    key = KEYS[name]
    spare = table.slice(len(table) // 2, BROKEN_ROWS)
    broken = [set_column(spare, key, pa.nulls(len(spare), pa.string()))]
    if name in SIZES:
        rows = set_column(spare, key, pc.binary_join_element_wise(spare[key], "size", "-"))
        broken.append(set_column(rows, SIZES[name], pa.array([-50] * len(rows))))
    if name in TIMES:
        rows = set_column(spare, key, pc.binary_join_element_wise(spare[key], "time", "-"))
        early = pc.subtract(rows[TIMES[name]], pa.scalar(3 * DAY, pa.duration("us")))
        broken.append(set_column(rows, "_loaded_at", early))
    return pa.concat_tables([table, *broken])


def add_unreadable_row(table: pa.Table, name: str) -> pa.Table:
    """For CSV: turn the column to text and append a copy of a row with a text nobody can read."""
    column, text = UNREADABLE[name]
    place = table.schema.get_field_index(column)
    table = table.set_column(place, column, table[column].cast(pa.string()))
    spare = table.slice(0, 1)
    spare = set_column(spare, KEYS[name], pa.array([f"{name}-unreadable"]))
    return pa.concat_tables([table, set_column(spare, column, pa.array([text]))])


def write_table(folder: Path, name: str, pieces: Iterable[pa.Table], *, file_format: str) -> int:
    """Write one table piece by piece to `<folder>/<source>/<table>.<format>`; returns its rows.

    The first piece gets the broken rows. Holds one piece at a time.
    """
    source, table_name = name.split(".")
    path = folder / source / f"{table_name}.{file_format}"
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = None
    rows = 0
    for piece in pieces:
        if writer is None:
            piece = add_broken_rows(piece, name)
        if file_format == "csv" and name in UNREADABLE:
            column, _ = UNREADABLE[name]
            place = piece.schema.get_field_index(column)
            piece = (
                add_unreadable_row(piece, name)
                if writer is None
                else piece.set_column(place, column, piece[column].cast(pa.string()))
            )
        if writer is None:
            writer = (
                pyarrow.csv.CSVWriter(path, piece.schema)
                if file_format == "csv"
                else pyarrow.parquet.ParquetWriter(path, piece.schema, compression="zstd")
            )
        writer.write_table(piece)
        rows += len(piece)
    writer.close()
    return rows


def count_rows(pieces: Iterator[pa.Table], counter: list[int]) -> Iterator[pa.Table]:
    """Hand the pieces on and add their lengths to `counter`."""
    for piece in pieces:
        counter.append(len(piece))
        yield piece


def list_tables(
    leads: int, events: int, window: Window, seed: int
) -> Iterator[tuple[str, Iterable[pa.Table]]]:
    """Name and pieces of every raw table; a table's pieces are made while they are read."""
    companies = make_companies(
        stream(seed, "companies"), max(leads // PEOPLE_PER_COMPANY, 3), window
    )
    people = make_people(stream(seed, "people"), leads, companies, window)
    deals = make_deals(stream(seed, "deals"), people, companies, window)
    email_events = round(events * EMAIL_SHARE)
    plan = tables.plan_campaigns(stream(seed, "campaigns"), leads, email_events, window)

    def of(name: str):
        return stream(seed, name)

    yield "crm.leads", [tables.make_leads(of("crm.leads"), people, companies, deals, window)]
    yield (
        "crm.lead_attributes",
        [tables.make_lead_attributes(of("crm.lead_attributes"), people, companies, window)],
    )
    yield "crm.accounts", [tables.make_accounts(of("crm.accounts"), companies, deals, window)]
    yield (
        "crm.opportunities",
        [tables.make_opportunities(of("crm.opportunities"), deals, companies, window)],
    )
    yield (
        "crm.opportunity_stages",
        [tables.make_opportunity_stages(of("crm.opportunity_stages"), deals, window)],
    )
    yield "crm.activities", [tables.make_activities(of("crm.activities"), people, window)]
    yield "crm.lead_feedback", [tables.make_lead_feedback(of("crm.lead_feedback"), people, window)]
    yield "email.campaigns", [tables.make_campaigns(of("email.campaigns"), plan, window)]
    mailed: list[int] = []
    yield (
        "email.events",
        count_rows(tables.stream_email_events(seed, people, window, plan, email_events), mailed),
    )
    # Mails come whole, so their number is only about right; the web makes up the difference.
    yield "web.events", tables.stream_web_events(seed, people, deals, window, events - sum(mailed))


def generate_sample(
    out: Path,
    *,
    leads: int = 2000,
    events: int = 60_000,
    days: int = 365,
    last_day: dt.date = dt.date(2026, 6, 30),
    seed: int = 7,
    file_format: str = "parquet",
) -> dict[str, int]:
    """Write all raw tables under `out`, replacing an older sample there; returns rows by table.

    The same arguments give the same rows. The folder appears complete or not at all: it is
    written beside `out` and renamed. `ValueError` where the arguments cannot work or `out`
    holds something that is no sample.
    """
    if leads < 20 or events < 100 or days < 7:
        raise ValueError(
            f"A sample needs at least 20 leads, 100 events and 7 days; asked were {leads} leads, "
            f"{events} events and {days} days."
        )
    out = out.absolute()
    if out.exists() and (
        not out.is_dir() or {entry.name for entry in out.iterdir()} - {"crm", "web", "email"}
    ):
        raise ValueError(
            f"{out} holds something other than a sample and is left as it is; "
            "choose another folder with --out."
        )
    end = (last_day - dt.date(1970, 1, 1)).days * DAY + DAY
    window = Window(end - days * DAY, end)
    partial, old = out.with_name(f".{out.name}.partial"), out.with_name(f".{out.name}.old")
    for left_over in (partial, old):
        shutil.rmtree(left_over, ignore_errors=True)
    counts = {}
    try:
        for name, pieces in list_tables(leads, events, window, seed):
            began = time.perf_counter()
            counts[name] = write_table(partial, name, pieces, file_format=file_format)
            print(
                f"{name:24}{counts[name]:>12,} rows {time.perf_counter() - began:7.1f} s",
                flush=True,
            )
        if out.exists():
            os.replace(out, old)
        os.replace(partial, out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
    return counts


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and write the sample; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m samples.generate",
        description="Write made-up raw data for every table of the input contract.",
    )
    parser.add_argument("--out", type=Path, default=Path("samples/raw"), help="folder to write")
    parser.add_argument("--leads", type=int, default=2000)
    parser.add_argument("--events", type=int, default=60_000, help="web and e-mail together")
    parser.add_argument("--days", type=int, default=365, help="days of history")
    parser.add_argument("--last-day", type=dt.date.fromisoformat, default="2026-06-30")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--format", choices=["parquet", "csv"], default="parquet")
    asked = parser.parse_args(arguments)
    try:
        generate_sample(
            asked.out,
            leads=asked.leads,
            events=asked.events,
            days=asked.days,
            last_day=asked.last_day,
            seed=asked.seed,
            file_format=asked.format,
        )
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
