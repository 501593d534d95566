"""What belongs here: the raw data that every competitor reads, laid out as a loader leaves it.

A generated sample is one file a table. A loader appends: so each table is cut here by when its
rows were loaded, the events by month, and the last day's rows lie in a file of their own. Without
that file a table is what it was a day earlier.
"""

import datetime as dt
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

PROJECT = Path(__file__).resolve().parents[1]

LAST_DAY = dt.date(2026, 6, 30)
ROWS_AT_ONCE = 500_000


@dataclass(frozen=True)
class Size:
    """How much was generated: leads, events and days of history."""

    leads: int
    events: int
    days: int

    def __str__(self) -> str:
        """As a folder's name: 10000-leads-1000000-events-365-days."""
        return f"{self.leads}-leads-{self.events}-events-{self.days}-days"


@dataclass(frozen=True)
class RawData:
    """The same raw tables twice: as of a day, and as they were the day before it."""

    day: Path
    day_before: Path


def prepare(folder: Path, size: Size) -> RawData:
    """The raw data of that size under `folder`, made where it is not there yet."""
    place = folder / str(size)
    if not place.exists():
        partial = folder / f".{size}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        generate(partial / "sample", size)
        for file in sorted((partial / "sample").glob("*/*.parquet")):
            cut(file, partial / "day" / file.parent.name / file.stem)
        shutil.rmtree(partial / "sample")
        for file in sorted((partial / "day").glob("*/*/*.parquet")):
            if file.stem != str(LAST_DAY):
                twin = partial / "day_before" / file.relative_to(partial / "day")
                twin.parent.mkdir(parents=True, exist_ok=True)
                os.link(file, twin)
        partial.rename(place)
    return RawData(day=place / "day", day_before=place / "day_before")


def generate(folder: Path, size: Size) -> None:
    """Write a sample of that size, ending with the last day."""
    arguments = {
        "--out": folder.absolute(),
        "--leads": size.leads,
        "--events": size.events,
        "--days": size.days,
        "--last-day": LAST_DAY,
    }
    subprocess.run(
        [sys.executable, "-m", "samples.generate"]
        + [str(word) for pair in arguments.items() for word in pair],
        cwd=PROJECT,
        check=True,
        stdout=subprocess.DEVNULL,
    )


def cut(file: Path, folder: Path) -> None:
    """Cut one table by when its rows were loaded: `folder/2026-05.parquet` and so on.

    The last day has a file of its own. Only the events are cut into months, the other tables into
    the last day and what was before.
    """
    source = pq.ParquetFile(file)
    pattern = "%Y-%m" if file.stem == "events" else "before"
    writers: dict[str, pq.ParquetWriter] = {}
    waiting: dict[str, list[pa.Table]] = {}
    folder.mkdir(parents=True)

    def write(name: str) -> None:
        rows = pa.concat_tables(waiting.pop(name))
        if name not in writers:
            path = folder / f"{name}.parquet"
            writers[name] = pq.ParquetWriter(path, source.schema_arrow, compression="zstd")
        writers[name].write_table(rows)

    for group in range(source.num_row_groups):
        rows = source.read_row_group(group)
        loaded = rows["_loaded_at"]
        names = pc.if_else(
            pc.greater_equal(loaded, pa.scalar(LAST_DAY).cast(loaded.type)),
            str(LAST_DAY),
            pc.strftime(loaded, pattern),
        )
        for name in pc.unique(names).to_pylist():
            waiting.setdefault(name, []).append(rows.filter(pc.equal(names, name)))
            if sum(map(len, waiting[name])) >= ROWS_AT_ONCE:
                write(name)
    for name in list(waiting):
        write(name)
    for writer in writers.values():
        writer.close()
