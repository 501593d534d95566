"""What belongs here: how the three scripts are called; what they write is the same.

One row per lead and rule that gave or took points: lead_id, rule_id, occurred_on (the last day),
event_count, raw_points, points.
"""

import argparse
import datetime as dt
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import rule_book
from benchmarks.rule_book import RuleBook


class Steps:
    """Says how long each step took, as soon as the next one begins."""

    def __init__(self) -> None:
        """Start the clocks."""
        self.clocks = time.perf_counter(), time.process_time()

    def done(self, step: str) -> None:
        """Print the seconds since the step before, and how many cores were at work on average."""
        clocks = time.perf_counter(), time.process_time()
        seconds, worked = (now - then for now, then in zip(clocks, self.clocks, strict=True))
        print(f"  {step:<32}{seconds:8.2f} s {worked / seconds:5.1f} cores", flush=True)
        self.clocks = clocks


def run(score: Callable[[Path, RuleBook, Path, Steps], None]) -> None:
    """Read the command line, score, write."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--raw", type=Path, required=True, help="folder of the raw tables")
    parser.add_argument("--rules", type=Path, required=True, help="folder of the rule book")
    parser.add_argument("--as-of", type=dt.date.fromisoformat, required=True)
    parser.add_argument("--out", type=Path, required=True, help="Parquet file to write")
    asked = parser.parse_args()
    score(asked.raw, rule_book.read(asked.rules, asked.as_of), asked.out, Steps())
