"""What belongs here: the comparison of this project with scripts written by hand.

    python -m benchmarks.suite --events 1000000 10000000 100000000

Generates the raw data of each size once (it is kept for the next run), has every competitor score
the same day from it, one process after another, checks that all of them come to the same rows, and
prints one table of seconds, ratios and memory.
"""

import argparse
import datetime as dt
import importlib.util
import sys
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from benchmarks import data, large_rule_book, measure, project
from benchmarks.data import LAST_DAY, PROJECT, RawData, Size
from benchmarks.measure import Measured
from benchmarks.project import SHIPPED_RULES, Warehouse

LEADS_PER_EVENT = 0.01
DAYS = 365
LONG = 10  # how many times as long the long history is
MEMORY_LIMIT = "2GB"

SCRIPTS = ("duckdb", "polars", "pandas")
YARDSTICK = "DuckDB script"
RULE_BOOKS = ("behavioural rules only", "shipped rule book")


@dataclass
class Suite:
    """What is asked for, and what has been measured: seconds and memory by size and competitor."""

    data: Path
    project: Path
    limit: float
    pandas_up_to: int
    results: dict[tuple[Size, str], Measured] = field(default_factory=dict)
    stages: dict[tuple[Size, str], dict[str, float]] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)

    def note(self, size: Size, name: str, measured: Measured) -> Measured:
        """Keep a measurement and print it."""
        self.results[size, name] = measured
        took = measured.problem or (
            f"{measured.seconds:8.1f} s, {measured.processor_seconds:8.1f} s of a core,"
        )
        print(f"{size.events:>13,} events, {name:<57}{took} {gigabytes(measured)} GB", flush=True)
        return measured

    def compare(self, size: Size, name: str, rows: Path) -> None:
        """Note where a competitor's rows are not those of the yardstick."""
        difference = compare_rows(self.rows_of(size), rows)
        if difference:
            self.differences.append(f"{size.events:,} events, {name}: {difference}")
            print(f"{'':>13} {self.differences[-1]}", flush=True)

    def rows_of(self, size: Size) -> Path:
        """Where the yardstick's rows of a size are."""
        return self.data / f"rows-{size}-duckdb.parquet"

    def warehouse(self, name: str, rules: Path) -> Warehouse:
        """A new warehouse to measure."""
        return Warehouse(
            self.data / "warehouses" / name.replace(" ", "-"),
            project=self.project,
            rules=rules,
            limit=self.limit,
        )


def main() -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.suite")
    parser.add_argument("--events", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--data", type=Path, default=PROJECT / "build" / "benchmarks")
    parser.add_argument("--project", type=Path, default=PROJECT, help="checkout to measure")
    parser.add_argument("--time-limit", type=float, default=3600, help="seconds of one measurement")
    parser.add_argument("--pandas-up-to", type=int, default=100_000_000, help="events")
    parser.add_argument("--only", choices=["scripts", "project"], help="measure one of the sides")
    parser.add_argument("--without-history", action="store_true", help="leave out the long history")
    asked = parser.parse_args()
    suite = Suite(
        data=asked.data.absolute(),
        project=asked.project.absolute(),
        limit=asked.time_limit,
        pandas_up_to=asked.pandas_up_to,
    )
    rules = suite.data / "behavioural-rules"
    project.write_behavioural_rules(rules)
    sizes = [Size(round(events * LEADS_PER_EVENT), events, DAYS) for events in sorted(asked.events)]
    for size in sizes:
        raw = prepare(suite, size)
        for script in SCRIPTS if asked.only != "project" else ():
            measure_script(suite, size, raw, rules, script)
        for title, book in zip(RULE_BOOKS, (rules, SHIPPED_RULES), strict=True):
            if asked.only != "scripts":
                measure_project(suite, size, raw, title, book)
    if asked.only != "scripts":
        measure_large_book(suite, sizes[-1], raw)
        measure_under_limit(suite, sizes[-1], raw)
    print_table(suite, sizes)
    print_stages(suite)
    if not asked.without_history and not asked.only:
        short = sizes[-2] if len(sizes) > 1 else sizes[-1]
        long = Size(short.leads, short.events * LONG, short.days * LONG)
        raw = prepare(suite, long)
        measure_script(suite, long, raw, rules, "duckdb")
        measure_project(suite, long, raw, RULE_BOOKS[1], SHIPPED_RULES)
        print_histories(suite, short, long)
    return 1 if suite.differences else 0


def prepare(suite: Suite, size: Size) -> RawData:
    """The raw data of a size; read once, so that no competitor waits for the disk alone."""
    print(f"{size.events:>13,} events of {size.leads:,} leads in {size.days} days", flush=True)
    raw = data.prepare(suite.data, size)
    for file in raw.day.glob("*/*/*.parquet"):
        file.read_bytes()
    return raw


def measure_script(suite: Suite, size: Size, raw: RawData, rules: Path, script: str) -> None:
    """Measure one of the scripts and compare its rows with the yardstick's."""
    name = f"{'DuckDB' if script == 'duckdb' else script} script"
    if script == "pandas" and size.events > suite.pandas_up_to:
        suite.note(size, name, Measured(0, 0, 0, "not run"))
        return
    if importlib.util.find_spec(script) is None:
        suite.note(size, name, Measured(0, 0, 0, "not installed"))
        return
    rows = suite.data / f"rows-{size}-{script}.parquet"
    measured = measure.run(
        [
            *(sys.executable, "-m", f"benchmarks.{script}_script"),
            *("--raw", raw.day, "--rules", rules, "--as-of", str(LAST_DAY), "--out", rows),
        ],
        folder=PROJECT,
        settings={},
        log=suite.data / f"log-{size}-{script}.txt",
        limit=suite.limit,
    )
    if not suite.note(size, name, measured).problem and name != YARDSTICK:
        suite.compare(size, name, rows)


def measure_project(suite: Suite, size: Size, raw: RawData, title: str, rules: Path) -> None:
    """Measure a first run, and the refresh of a warehouse that is one day older."""
    names = f"first run, {title}", f"refresh after one more day, {title}"
    full = suite.warehouse(f"full-{size}-{title}", rules)
    full.load(raw.day)
    measured = suite.note(size, names[0], full.run(LAST_DAY))
    if rules == SHIPPED_RULES and not measured.problem:
        suite.stages[size, names[0]] = full.stages()
        name = f"back-test of twelve days, {title}"
        tested = suite.note(size, name, full.back_test(LAST_DAY))
        suite.stages[size, name] = {} if tested.problem else full.stages()
    finish(suite, size, names[0], full, measured)
    daily = suite.warehouse(f"daily-{size}-{title}", rules)
    daily.load(raw.day_before)
    yesterday = daily.run(LAST_DAY - dt.timedelta(days=1))
    daily.load(raw.day)
    measured = yesterday if yesterday.problem else daily.run(LAST_DAY)
    finish(suite, size, names[1], daily, suite.note(size, names[1], measured))


def finish(suite: Suite, size: Size, name: str, warehouse: Warehouse, measured: Measured) -> None:
    """Compare a warehouse's rows with the yardstick's, keep what its stages took, delete it."""
    if not measured.problem:
        suite.stages.setdefault((size, name), warehouse.stages())
        if suite.rows_of(size).exists():
            rows = suite.data / f"rows-{size}-project.parquet"
            warehouse.write_ledger(LAST_DAY, rows)
            suite.compare(size, name, rows)
    warehouse.delete()


def measure_large_book(suite: Suite, size: Size, raw: RawData) -> None:
    """Measure a first run by a rule book of many rules, conditions and activity attributes."""
    name = (
        f"first run, {large_rule_book.RULES} rules, {large_rule_book.CONDITIONS} conditions, "
        f"{large_rule_book.COUNTED} activity attributes"
    )
    rules = large_rule_book.write(suite.data / "large-rules")
    warehouse = suite.warehouse(f"large-{size}", rules)
    warehouse.load(raw.day)
    finish(suite, size, name, warehouse, suite.note(size, name, warehouse.run(LAST_DAY)))


def measure_under_limit(suite: Suite, size: Size, raw: RawData) -> None:
    """Measure a first run by the shipped rule book with little memory."""
    name = f"first run, {RULE_BOOKS[1]}, LEADS_MEMORY_LIMIT={MEMORY_LIMIT}"
    warehouse = suite.warehouse(f"limited-{size}", SHIPPED_RULES)
    warehouse.load(raw.day)
    measured = warehouse.run(LAST_DAY, memory_limit=MEMORY_LIMIT)
    finish(suite, size, name, warehouse, suite.note(size, name, measured))


def compare_rows(expected: Path, found: Path) -> str:
    """In what the rows of two ledgers differ, in words; empty where they are the same."""
    with duckdb.connect() as database:
        for name, file in (("expected", expected), ("found", found)):
            database.execute(f"""
                create view {name} as
                select
                    lead_id, rule_id, occurred_on, event_count,
                    raw_points::decimal(12, 4) as raw_points, points::decimal(12, 4) as points
                from read_parquet('{file}')
            """)
        missing, added, other, rounding, largest = database.execute("""
            select
                count(*) filter (found.lead_id is null),
                count(*) filter (expected.lead_id is null),
                count(*) filter (
                    (expected.occurred_on, expected.event_count, expected.raw_points)
                    is distinct from (found.occurred_on, found.event_count, found.raw_points)
                    and found.lead_id is not null and expected.lead_id is not null
                ),
                count(*) filter (expected.points <> found.points),
                max(abs(expected.points - found.points))
            from expected
            full join found
                on expected.lead_id = found.lead_id and expected.rule_id = found.rule_id
        """).fetchone()
    counted = {
        "rows missing": missing,
        "rows too many": added,
        "rows with another day, count or raw points": other,
        f"rows with other points, by {largest} at most": rounding,
    }
    return ", ".join(f"{count:,} {what}" for what, count in counted.items() if count)


def gigabytes(measured: Measured) -> str:
    """The peak memory."""
    return f"{measured.peak_bytes / 1e9:.1f}"


def print_table(suite: Suite, sizes: list[Size]) -> None:
    """Print all that was measured as one table in Markdown."""
    head, line = ["scored by"], ["---"]
    for place, size in enumerate(sizes):
        head += [f"{size.events / 1e6:,g} million events: s", "× script", "GB"]
        head += [f"× {sizes[place - 1].events / 1e6:,g} million"] if place else []
    print("\n| " + " | ".join(head) + " |")
    print("| " + " | ".join(line + ["---:"] * (len(head) - 1)) + " |")
    for name in dict.fromkeys(name for _, name in suite.results):
        cells = [name]
        for place, size in enumerate(sizes):
            measured = suite.results.get((size, name))
            before = suite.results.get((sizes[place - 1], name)) if place else None
            script = suite.results.get((size, YARDSTICK))
            cells += cells_of(measured, script) + ([growth(before, measured)] if place else [])
        print("| " + " | ".join(cells) + " |")
    print("\nThe rows are " + ("the same." if not suite.differences else "not all the same:"))
    for difference in suite.differences:
        print(f"- {difference}")


def cells_of(measured: Measured | None, script: Measured | None) -> list[str]:
    """Seconds, ratio to the yardstick and memory of one measurement."""
    if measured is None or measured.problem:
        return [measured.problem if measured else "", "", ""]
    ratio = growth(script, measured)
    return [f"{measured.seconds:.1f}", ratio, gigabytes(measured)]


def growth(before: Measured | None, measured: Measured | None) -> str:
    """How many times as long something took; empty where it cannot be said."""
    if before is None or measured is None or before.problem or measured.problem:
        return ""
    return f"{measured.seconds / before.seconds:.2f}"


def print_stages(suite: Suite) -> None:
    """Print where the seconds of each run of the project went."""
    stages = list(dict.fromkeys(stage for took in suite.stages.values() for stage in took))
    print("\n| seconds of a run | " + " | ".join(stages) + " |")
    print("| " + " | ".join(["---"] + ["---:"] * len(stages)) + " |")
    for (size, name), took in suite.stages.items():
        cells = [f"{took[stage]:.1f}" if stage in took else "" for stage in stages]
        print(f"| {size.events / 1e6:,g} million events, {name} | " + " | ".join(cells) + " |")


def print_histories(suite: Suite, short: Size, long: Size) -> None:
    """Print what the length of the history costs."""
    lengths = f"s, {short.days} days | s, {long.days} days"
    print(f"\n| {short.leads:,} leads, as many events a day | {lengths} | × |")
    print("| --- | ---: | ---: | ---: |")
    for name in [name for size, name in suite.results if size == long]:
        ends = [suite.results.get((size, name)) for size in (short, long)]
        cells = [measured.problem or f"{measured.seconds:.1f}" for measured in ends]
        print(f"| {name} | {cells[0]} | {cells[1]} | {growth(*ends)} |")


if __name__ == "__main__":
    sys.exit(main())
