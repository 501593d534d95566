"""What belongs here: the whole daily run on DuckDB and on Postgres, side by side.

    python -m benchmarks.engines --events 1000000 10000000

The server is that of the LEADS_POSTGRES_ variables, whose user may make databases: each size gets
one of its own, which is dropped in the end. Of each size and engine a first run and, in the same
warehouse, the run of one day more are measured: seconds, how many times those of DuckDB, and where
they went. On a machine with other work to do read the ratios alone.
"""

import argparse
import datetime as dt
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import data
from benchmarks.data import LAST_DAY, PROJECT, RawData, Size
from benchmarks.measure import Measured
from benchmarks.project import SHIPPED_RULES, Warehouse
from benchmarks.suite import DAYS, LEADS_PER_EVENT, growth
from orchestration.lib.basics.postgres import locate_postgres, open_session

ENGINES = ("duckdb", "postgres")
RUNS = ("first run", "one more day")
DATABASE = "leads_benchmark"


@contextmanager
def make_database() -> Iterator[dict[str, str]]:
    """The settings of a database made for one measurement (docs/how-to/use-postgres.md)."""
    with open_session(locate_postgres()) as session, session.cursor() as cursor:
        cursor.execute(f"drop database if exists {DATABASE}")
        cursor.execute(
            f"create database {DATABASE} template template0 encoding 'UTF8' lc_collate 'C'"
            " lc_ctype 'C.UTF-8'"
        )
        given = {name: text for name, text in os.environ.items() if "LEADS_POSTGRES_" in name}
        try:
            yield {**given, "LEADS_TARGET": "postgres", "LEADS_POSTGRES_DATABASE": DATABASE}
        finally:
            cursor.execute(f"drop database {DATABASE} with (force)")


def measure_runs(
    warehouse: Warehouse, raw: RawData
) -> Iterator[tuple[str, Measured, dict[str, float]]]:
    """Each of RUNS, what it took, and the seconds of its stages; ends where one fails."""
    days = (raw.day_before, LAST_DAY - dt.timedelta(days=1)), (raw.day, LAST_DAY)
    for name, (tables, day) in zip(RUNS, days, strict=True):
        warehouse.load(tables)
        measured = warehouse.run(day)
        yield name, measured, {} if measured.problem else warehouse.stages()
        if measured.problem:
            return


def measure_engine(
    engine: str, size: Size, raw: RawData, *, folder: Path, limit: float, settings: dict[str, str]
) -> dict[str, tuple[Measured, dict[str, float]]]:
    """What the runs of one engine took, by their names."""
    warehouse = Warehouse(
        folder / "warehouses" / f"{engine}-{size}",
        project=PROJECT,
        rules=SHIPPED_RULES,
        limit=limit,
        engine=settings,
    )
    found = {}
    for name, measured, stages in measure_runs(warehouse, raw):
        found[name] = measured, stages
        took = measured.problem or f"{measured.seconds:8.1f} s"
        print(f"{size.events:>13,} events, {engine}, {name}: {took}", flush=True)
    warehouse.delete()
    return found


def main() -> int:
    """Measure and print; returns the exit code, which says whether every run ended well."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engines")
    parser.add_argument("--events", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--data", type=Path, default=PROJECT / "build" / "benchmarks")
    parser.add_argument("--time-limit", type=float, default=7200, help="seconds of one run")
    parser.add_argument("--only", choices=ENGINES, help="measure one engine")
    asked = parser.parse_args()
    rows = []
    for events in sorted(asked.events):
        size = Size(round(events * LEADS_PER_EVENT), events, DAYS)
        given = {"folder": asked.data.absolute(), "limit": asked.time_limit}
        raw = data.prepare(given["folder"], size)
        found = {}
        if asked.only != "postgres":
            found["duckdb"] = measure_engine("duckdb", size, raw, settings={}, **given)
        if asked.only != "duckdb":
            with make_database() as settings:
                found["postgres"] = measure_engine(
                    "postgres", size, raw, settings=settings, **given
                )
        for engine, runs in found.items():
            for name, (measured, stages) in runs.items():
                measure = found.get("duckdb", {}).get(name, (None, {}))[0]
                rows.append((size, engine, name, measured, growth(measure, measured), stages))
    print_rows(rows)
    return 1 if any(measured.problem for _, _, _, measured, _, _ in rows) else 0


def print_rows(rows: list[tuple]) -> None:
    """Print what was measured as one table in Markdown."""
    stages = list(dict.fromkeys(stage for *_, took in rows for stage in took))
    print("\n| run | seconds | × DuckDB | peak GB | " + " | ".join(stages) + " |")
    print("| --- |" + " ---: |" * (3 + len(stages)))
    for size, engine, name, measured, ratio, took in rows:
        cells = [
            f"{size.events / 1e6:,g} million events, {engine}, {name}",
            measured.problem or f"{measured.seconds:.1f}",
            ratio,
            f"{measured.peak_bytes / 1e9:.1f}",
            *(f"{took[stage]:.1f}" if stage in took else "" for stage in stages),
        ]
        print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    sys.exit(main())
