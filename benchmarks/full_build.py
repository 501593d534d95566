"""What belongs here: what a full build of a generated sample costs, in seconds and memory.

    python -m benchmarks.full_build --leads 1000000 --events 10000000

Generates the sample once (it is kept for the next measurement), builds everything with dbt into a
fresh warehouse, and prints the seconds of the whole command, of the database's part of it, the
peak memory and the models that cost most. `--project` measures another checkout of the project on
the same sample: an older commit, say.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]

COSTLIEST = 10


def generate(folder: Path, *, leads: int, events: int) -> Path:
    """The sample of that size under `folder`, generated where it is not there yet."""
    raw = folder / f"raw-{leads}-{events}"
    if not raw.exists():
        size = ["--leads", str(leads), "--events", str(events)]
        subprocess.run(
            [sys.executable, "-m", "samples.generate", "--out", str(raw), *size],
            cwd=PROJECT,
            check=True,
        )
    return raw


def build(project: Path, raw: Path) -> tuple[float, float, dict[str, float]]:
    """Build `project` on `raw` into a warehouse made for it and thrown away.

    Returns the seconds of the command, its peak memory in GB, and the seconds of each table.
    """
    with tempfile.TemporaryDirectory() as scratch:
        environment = os.environ | {
            "LEADS_RAW": str(raw),
            "LEADS_WAREHOUSE": f"{scratch}/leads.duckdb",
            "LEADS_AS_OF": "2026-06-30",
            "DBT_TARGET_PATH": f"{scratch}/target",
        }
        dbt = Path(sys.executable).with_name("dbt")
        started = time.monotonic()
        subprocess.run(
            [dbt, "build", "--quiet", "--exclude-resource-type", "unit_test", "test"],
            cwd=project,
            env=environment,
            check=True,
        )
        seconds = time.monotonic() - started
        results = json.loads(Path(scratch, "target", "run_results.json").read_text())["results"]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024**2
    tables = {
        result["unique_id"].split(".")[-1]: result["execution_time"]
        for result in results
        if result["unique_id"].startswith("model.")
    }
    return seconds, peak, tables


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.full_build")
    parser.add_argument("--leads", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--project", type=Path, default=PROJECT, help="checkout to measure")
    parser.add_argument("--samples", type=Path, default=PROJECT / "build" / "benchmarks")
    asked = parser.parse_args()
    raw = generate(asked.samples, leads=asked.leads, events=asked.events)
    seconds, peak, tables = build(asked.project, raw)
    print(f"{asked.leads:,} leads, {asked.events:,} events")
    print(f"whole command {seconds:8.1f} s   peak memory {peak:.1f} GB")
    print(f"all tables    {sum(tables.values()):8.1f} s")
    for name, cost in sorted(tables.items(), key=lambda item: -item[1])[:COSTLIEST]:
        print(f"  {name:<32}{cost:8.1f} s")


if __name__ == "__main__":
    main()
