"""What belongs here: how large the history of scores grows in a year, and what a day costs it.

    python -m benchmarks.history --leads 1000000

Scores the sample for every day of its year as the project does (once: the scores are kept for the
next measurement), has each of its leads stand for as many as asked for, and writes their history
day by day. The last two days are published, and written and published again as a history that began
with them: what a year of history costs a day shows in the difference.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lib.basics.warehouse import attach_warehouse
from orchestration.lib.decided.history import write_day
from orchestration.lib.published.history import HISTORY, export_history, find_known_parts
from orchestration.lib.published.publication import hash_file

PROJECT = Path(__file__).resolve().parents[1]

MODEL = "b2b_software"
MONTHS = [date(2025 + month // 12, month % 12 + 1, 1) for month in range(6, 18)]

# Copies of a lead get ids far apart: rows that lie side by side are those of different leads.
FILL = """
delete from lead_scores;
insert into lead_scores
select
    as_of_date,
    model_id,
    'L' || 10000000 + (lead_number + copies.range * leads) * 7919 % 16777216 as lead_id,
    score,
    tier,
    tier as tier_by_score
from scores.daily_scores
cross join (select max(lead_number) + 1 as leads from scores.daily_scores)
cross join range(cast($copies as bigint)) as copies
where as_of_date = $day
"""


def score_year(warehouse: Path) -> None:
    """Score the sample for every day of its year into the table daily_scores of `warehouse`:
    as_of_date, model_id, lead_number (0, 1, …), score, tier."""
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    settings = {name: text for name, text in os.environ.items() if not name.startswith("LEADS_")}
    for month in MONTHS:
        last_day = duckdb.execute("select last_day(?)", [month]).fetchone()[0]
        with tempfile.TemporaryDirectory() as target:
            subprocess.run(
                [
                    Path(sys.executable).with_name("dbt"),
                    *("build", "--quiet", "--select", "+lead_scores"),
                    *("--exclude-resource-type", "unit_test", "test"),
                ],
                cwd=PROJECT,
                env=settings
                | {
                    "LEADS_AS_OF": f"{month}..{last_day}",
                    "LEADS_WAREHOUSE": str(warehouse),
                    "DBT_TARGET_PATH": target,
                },
                check=True,
            )
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute(
                """
                create table if not exists scores_so_far as from lead_scores limit 0;
                insert into scores_so_far by name from lead_scores
                """
            )
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            """
            create table daily_scores as
            select
                as_of_date,
                scored.model_id,
                dense_rank() over (order by lead_id) - 1 as lead_number,
                score,
                tier
            from scores_so_far as scored
            asof left join (
                select trim(model_id) as model_id, trim(tier) as tier,
                    cast(enter_at as decimal(12, 4)) as enter_at
                from rules.tiers
            ) as tiers
                on scored.model_id = tiers.model_id and scored.score >= tiers.enter_at
            where scored.model_id = ?;
            """,
            [MODEL],
        )


def open_history(path: Path, scores: Path) -> duckdb.DuckDBPyConnection:
    """A connection to a new file with an empty history, and with `scores` attached."""
    path.unlink(missing_ok=True)
    connection = duckdb.connect(str(path))
    with duckdb.connect(str(scores), read_only=True) as source:
        statements = source.execute(
            """
            select sql from duckdb_tables()
            where table_name in (
                'lead_score_current', 'lead_score_past', 'lead_score_history_parts', 'scored_days'
            )
            union all
            select sql from duckdb_views() where view_name = 'lead_score_history'
            """
        ).fetchall()
    for (statement,) in statements:
        connection.execute(statement)
    connection.execute(
        """
        create schema scoring;
        create table lead_scores (
            as_of_date date, model_id varchar, lead_id varchar, score decimal(12, 4), tier varchar,
            tier_by_score varchar
        );
        create view scoring.tier_inputs as from main.lead_scores
        """
    )
    connection.execute(f"attach '{scores}' as scores (read_only)")
    return connection


def write_days(
    connection: duckdb.DuckDBPyConnection, days: list[date], *, copies: int
) -> Iterator[tuple[date, float, float]]:
    """Write the history of `days`; gives each day with its seconds, the checkpoint among them, and
    the processor's."""
    for day in days:
        connection.execute(FILL, {"copies": copies, "day": day})
        connection.execute("create or replace view lead_tiers as from lead_scores; checkpoint")
        started, worked = time.monotonic(), time.process_time()
        connection.execute("begin")
        write_day(connection, day)
        connection.execute("commit; checkpoint")
        yield day, time.monotonic() - started, time.process_time() - worked


def print_days(connection: duckdb.DuckDBPyConnection, days: list[date], *, copies: int) -> None:
    """Write the history of `days`; prints the first two, the first of each month and the last."""
    print(f"{'day':<12}{'leads':>12}{'rows':>14}{'of them new':>14}{'seconds':>10}{'of CPU':>10}")
    for day, seconds, worked in write_days(connection, days, copies=copies):
        if day in (*days[:2], days[-1]) or day.day == 1:
            leads, rows, new = connection.execute(
                """
                select
                    (select count(*) from lead_scores),
                    count(*),
                    count(*) filter (valid_from = $day)
                from lead_score_history
                """,
                {"day": day},
            ).fetchone()
            counts = f"{day!s:<12}{leads:>12,}{rows:>14,}{new:>14,}"
            print(f"{counts}{seconds:>10.2f}{worked:>10.2f}", flush=True)


def print_sizes(connection: duckdb.DuckDBPyConnection) -> None:
    """Print what the history takes in the warehouse."""
    connection.execute("checkpoint")
    blocks, block_size = connection.execute(
        "select used_blocks, block_size from pragma_database_size()"
        " where database_name = current_database()"
    ).fetchone()
    print(f"in the warehouse {blocks * block_size / 1e6:,.0f} MB")


def publish_history(warehouse: Path, versions: Path, before: list[dict[str, Any]]) -> None:
    """Publish the history as a publication does, beside those `before`, and print what it took."""
    folder = versions / str(len(before))
    (folder / HISTORY).mkdir(parents=True)
    started, worked = time.monotonic(), time.process_time()
    with attach_warehouse(warehouse) as connection:
        known = find_known_parts(versions, before)
        history = export_history(connection, folder / HISTORY, known=known)
    written = {part: said for part, said in history.items() if said["written_id"] not in known}
    files = {f"{HISTORY}/{part}.parquet": "" for part in history} | {
        f"{HISTORY}/{part}.parquet": hash_file(folder / HISTORY / f"{part}.parquet")
        for part in written
    }
    seconds, worked = time.monotonic() - started, time.process_time() - worked
    before.append({"publication_id": folder.name, "history": history, "files": files})
    print(
        f"published: {len(written)} of {len(history)} parts written,"
        f" {sum(said['rows'] for said in written.values()):,} of"
        f" {sum(said['rows'] for said in history.values()):,} rows,"
        f" {sum(said['bytes'] for said in written.values()) / 1e6:,.1f} of"
        f" {sum(said['bytes'] for said in history.values()) / 1e6:,.1f} MB,"
        f" {seconds:.2f} s, {worked:.2f} s of CPU",
        flush=True,
    )


def measure(scores: Path, warehouse: Path, versions: Path, *, skip: int, leads: int) -> None:
    """Write and publish the history of all days but the first `skip` (negative: the last -skip
    alone)."""
    with open_history(warehouse, scores) as connection:
        days, own_leads = connection.execute(
            "select list(distinct as_of_date order by as_of_date), max(lead_number) + 1"
            " from scores.daily_scores"
        ).fetchone()
        copies = max(1, leads // own_leads)
        print_days(connection, days[skip:-1], copies=copies)
    publications: list[dict[str, Any]] = []
    publish_history(warehouse, versions, publications)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(f"attach '{scores}' as scores (read_only)")
        print_days(connection, days[-1:], copies=copies)
        print_sizes(connection)
    publish_history(warehouse, versions, publications)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.history")
    parser.add_argument("--leads", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=PROJECT / "build" / "benchmarks")
    asked = parser.parse_args()
    scores = asked.folder / "daily_scores.duckdb"
    if not scores.exists():
        score_year(scores)
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        for name, skip in [("year", 0), ("two_days", -2)]:
            print(f"\n{name.replace('_', ' ')}")
            measure(
                scores, Path(folder, f"{name}.duckdb"), Path(folder, name), skip=skip,
                leads=asked.leads,
            )  # fmt: skip
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"\npeak memory {peak:.1f} GB")


if __name__ == "__main__":
    main()
