"""What belongs here: what an intraday run costs, from the moment rows lie there to the hand-overs
released.

    python -m benchmarks.intraday --events 1000000 10000000

The sample and generated data of these sizes (leads: 1 % of the events) are scored as they were
known at ten in the morning of the last day. Then rows land, again and again, and after each landing
the whole command `leads run --intraday` is measured, with the start of its process: seconds of the
clock, of the processor (on a machine with other work these say more), and the most memory that its
processes held. The first landing of the day has dbt build; what it keeps serves the others, so that
it stands in the table by itself.
"""

import argparse
import datetime as dt
import os
import shutil
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks import data
from benchmarks.data import LAST_DAY, PROJECT, Size
from benchmarks.measure import Measured
from benchmarks.project import SHIPPED_RULES, Warehouse
from benchmarks.suite import DAYS, LEADS_PER_EVENT

MORNING = dt.datetime.combine(LAST_DAY, dt.time(10))

# The events that land, with the column that names a lead or an address, the id, and the share of
# all rows.
EVENTS = {
    "web/events": ("email", "event_id", 0.6),
    "email/events": ("email", "event_id", 0.3),
    "crm/activities": ("lead_id", "activity_id", 0.1),
}


@dataclass(frozen=True)
class Landing:
    """How many rows land, and of about how many leads."""

    rows: int
    leads: int


ONE_REQUEST = Landing(1, 1)
USUAL = Landing(500, 100)
LARGE = Landing(20_000, 5_000)
MOST_OF_ALL = 0.05


@dataclass(frozen=True)
class Line:
    """What was measured of some runs alike, and where their seconds went."""

    name: str
    runs: list[Measured]
    stages: list[dict[str, float]]


def main() -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.intraday")
    parser.add_argument("--events", type=int, nargs="*", default=[1_000_000, 10_000_000])
    parser.add_argument("--landings", type=int, default=50, help="of 500 rows of 100 leads each")
    parser.add_argument("--data", type=Path, default=PROJECT / "build" / "benchmarks")
    parser.add_argument("--limit", type=float, default=3600.0, help="seconds of a command")
    options = parser.parse_args()
    lines = measure_sample(options.data, options.limit)
    for events in options.events:
        size = Size(leads=int(events * LEADS_PER_EVENT), events=events, days=DAYS)
        lines += measure_size(options.data, size, landings=options.landings, limit=options.limit)
    print_tables(lines)
    return int(any(run.problem for line in lines for run in line.runs))


def measure_sample(folder: Path, limit: float) -> list[Line]:
    """A demo request, twice, in the sample."""
    warehouse = make_warehouse(folder, "intraday-sample", limit)
    for file in (PROJECT / "samples/raw").glob("*/*.parquet"):
        place = warehouse.folder / "raw" / file.parent.name / file.stem
        copy_morning(file, place / file.name)
    run_night(warehouse)
    lines = [
        measure_landings(warehouse, f"sample, a demo request, {which}", ONE_REQUEST, numbers)
        for which, numbers in (("the day's first", [1]), ("later", [2, 3, 4]))
    ]
    warehouse.delete()
    return lines


def measure_size(folder: Path, size: Size, *, landings: int, limit: float) -> list[Line]:
    """Landings of the usual size, and a large one."""
    raw = data.prepare(folder, size)
    warehouse = make_warehouse(folder, f"intraday-{size}", limit)
    for file in sorted(raw.day.glob("*/*/*.parquet")):
        place = warehouse.folder / "raw" / file.relative_to(raw.day)
        place.parent.mkdir(parents=True, exist_ok=True)
        if file.stem == str(LAST_DAY):
            copy_morning(file, place)
        else:
            os.link(file, place)
    run_night(warehouse)
    name = f"{size.events:,} events"
    lines = [
        measure_landings(warehouse, f"{name}, {landing.rows:,} rows{which}", landing, numbers)
        for landing, which, numbers in (
            (USUAL, ", the day's first", [1]),
            (USUAL, "", list(range(2, landings + 1))),
            (LARGE, "", [landings + 1]),
        )
        # More hand-overs than a day may have of so few leads, rightly, stop the run.
        if numbers and landing.leads <= size.leads * MOST_OF_ALL
    ]
    warehouse.delete()
    return lines


def make_warehouse(folder: Path, name: str, limit: float) -> Warehouse:
    """A new warehouse by the shipped rule book."""
    place = (folder / "warehouses" / name).absolute()
    return Warehouse(place, project=PROJECT, rules=SHIPPED_RULES, limit=limit)


def copy_morning(file: Path, place: Path) -> None:
    """Copy the rows of a file that had loaded in the morning of the last day."""
    place.parent.mkdir(parents=True, exist_ok=True)
    duckdb.execute(
        f"copy (from '{file}' where _loaded_at < timestamp '{MORNING}') to '{place}'"
        " (format parquet, compression zstd)"
    )


def run_night(warehouse: Warehouse) -> None:
    """The daily run that intraday runs stand on."""
    done = warehouse.run(LAST_DAY)
    print(f"{warehouse.folder.name}: daily run {done.seconds:.1f} s {done.problem}", flush=True)


def measure_landings(warehouse: Warehouse, name: str, landing: Landing, numbers: list[int]) -> Line:
    """Have rows land, and run after each landing."""
    line = Line(name, [], [])
    for number in numbers:
        land(warehouse.folder / "raw", landing, number)
        done = warehouse.run_intraday(LAST_DAY)
        line.runs.append(done)
        line.stages.append(warehouse.stages())
        shutil.copy(warehouse.log, warehouse.folder / f"landing-{number}.log")
        print(
            f"{name}, landing {number}: {done.seconds:.1f} s, {done.processor_seconds:.1f} s of a"
            f" core, {done.peak_bytes / 1e9:.1f} GB {done.problem}",
            flush=True,
        )
        if done.problem:
            # The next run's takes its place.
            print(warehouse.log.read_text(), flush=True)
    return line


def land(raw: Path, landing: Landing, number: int) -> None:
    """Write files of new rows: what leads have done before they do again, a minute after the last
    landing; a single row is a demo request."""
    at = MORNING + dt.timedelta(minutes=number)
    leads = f"'{raw}/crm/leads/*.parquet'"
    with duckdb.connect() as connection:
        connection.execute(
            f"create table picked as select distinct lead_id, email from {leads} where email is not"
            f" null order by hash(lead_id || '{number}') limit {landing.leads}"
        )
        for table, (who, key, share) in EVENTS.items():
            rows = round(landing.rows * share)
            condition = f"{who} in (select {who} from picked)"
            if landing == ONE_REQUEST:
                condition = "event_type = 'demo_request' and email is not null"
                if table != "web/events":
                    continue
            query = (
                f"select * replace ('landed-{number}-' || row_number() over () as {key},"
                f" timestamp '{at}' as occurred_at, timestamp '{at}' as _loaded_at)"
                f" from (from '{raw}/{table}/*.parquet' where {condition}"
                f" and _loaded_at < timestamp '{MORNING}'"
                f" order by hash({key} || '{number}') limit {rows})"
            )
            connection.execute(
                f"copy ({query}) to '{raw}/{table}/landing-{number:03}.parquet' (format parquet)"
            )


def print_tables(lines: list[Line]) -> None:
    """Print what was measured, and where the seconds went."""
    print("\n| intraday run | runs | median s | worst s | median s of a core | peak GB |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for line in lines:
        seconds = [run.seconds for run in line.runs]
        cores = statistics.median(run.processor_seconds for run in line.runs)
        peak = max(run.peak_bytes for run in line.runs) / 1e9
        print(
            f"| {line.name} | {len(seconds)} | {statistics.median(seconds):.1f} |"
            f" {max(seconds):.1f} | {cores:.1f} | {peak:.1f} |"
        )
    names = list(dict.fromkeys(name for line in lines for run in line.stages for name in run))
    print(f"\n| median seconds of a stage | {' | '.join(names)} |")
    print(f"| --- |{' ---: |' * len(names)}")
    for line in lines:
        medians = [
            f"{statistics.median(run.get(name, 0.0) for run in line.stages):.1f}" for name in names
        ]
        print(f"| {line.name} | {' | '.join(medians)} |")


if __name__ == "__main__":
    sys.exit(main())
