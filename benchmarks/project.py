"""What belongs here: this project as a competitor: its daily run as a whole, and its ledger."""

import csv
import datetime as dt
import os
import re
import shutil
import sys
from pathlib import Path

import duckdb

from benchmarks import measure, rule_book
from benchmarks.data import PROJECT
from benchmarks.measure import Measured
from orchestration.lib.basics.settings import RULE_SEEDS

SHIPPED_RULES = PROJECT / "seeds" / "rules"

# A line of a run's progress: the stage, what it did, its seconds.
STAGE = re.compile(r"^  (?P<stage>\S.{11}).* (?P<seconds>[0-9]+\.[0-9]) s$")


class Warehouse:
    """A warehouse of the project: where it lies, what it reads and by which rules it scores."""

    def __init__(
        self,
        folder: Path,
        *,
        project: Path,
        rules: Path,
        limit: float,
        engine: dict[str, str] | None = None,
    ):
        """A new warehouse; `limit` is how many seconds a run may take, `engine` the settings that
        name another one than DuckDB."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.folder = folder
        self.project = project
        self.rules = rules
        self.limit = limit
        self.engine = engine or {}
        self.log = folder

    def load(self, tables: Path) -> None:
        """Put the files of raw tables that are not there yet where the warehouse reads."""
        for file in sorted(tables.glob("*/*/*.parquet")):
            place = self.folder / "raw" / file.relative_to(tables)
            place.parent.mkdir(parents=True, exist_ok=True)
            if not place.exists():
                os.link(file, place)

    def run(self, as_of: dt.date, *, memory_limit: str | None = None) -> Measured:
        """Run the daily job once, from the raw files to the publication: what `make run` does."""
        return self.command("run", as_of, memory_limit=memory_limit)

    def back_test(self, as_of: dt.date) -> Measured:
        """Score twelve past days again and measure what came of them: what `make backtest` does."""
        return self.command("backtest", as_of)

    def run_intraday(self, as_of: dt.date) -> Measured:
        """Score what has loaded since the last run: what `leads run --intraday` does."""
        return self.command("run", as_of, "--intraday")

    def command(
        self, name: str, as_of: dt.date, *options: str, memory_limit: str | None = None
    ) -> Measured:
        """Run a command of the project on the warehouse."""
        settings = {
            "LEADS_RAW": str(self.folder / "raw"),
            "LEADS_RULES": str(self.rules),
            "LEADS_WAREHOUSE": str(self.folder / "leads.duckdb"),
            "LEADS_PUBLISHED": str(self.folder / "published"),
            "LEADS_AS_OF": str(as_of),
            **self.engine,
        }
        if memory_limit:
            settings["LEADS_MEMORY_LIMIT"] = memory_limit
        self.log = self.folder.with_name(f"{self.folder.name}-{name}-as-of-{as_of}.log")
        return measure.run(
            [sys.executable, "-m", "orchestration.cli", name, *options],
            folder=self.project,
            settings=settings,
            log=self.log,
            limit=self.limit,
        )

    def write_ledger(self, as_of: dt.date, out: Path) -> None:
        """Write the rows that the scripts make too: one model's behavioural rules."""
        book = rule_book.read(self.rules, as_of)
        rules = [rule.rule_id for rule in book.rules]
        with duckdb.connect(str(self.folder / "leads.duckdb"), read_only=True) as database:
            database.execute(
                f"""
                copy (
                    select lead_id, rule_id, occurred_on, event_count, raw_points, points
                    from lead_score_ledger
                    where
                        as_of_date = $as_of and model_id = $model
                        and list_contains($rules, rule_id)
                ) to '{out}' (format parquet)
                """,
                {"as_of": as_of, "model": book.model, "rules": rules},
            )

    def stages(self) -> dict[str, float]:
        """The seconds of each stage of the last run, in the order they came."""
        seconds: dict[str, float] = {}
        for line in self.log.read_text().splitlines():
            found = STAGE.match(line)
            stage = found["stage"].strip() if found else "all"
            if stage != "all":
                if stage == "dbt build" and stage in seconds:
                    stage = "dbt build after tiers"
                seconds[stage] = seconds.get(stage, 0.0) + float(found["seconds"])
        return seconds

    def delete(self) -> None:
        """Throw it away."""
        shutil.rmtree(self.folder)


def write_behavioural_rules(folder: Path) -> None:
    """Write a rule book of one model: the first of the shipped ones, with behavioural rules only.

    What a rule book may lack it has not, but the shipped one counts. Its name is another one, so
    that nobody takes its scores for the shipped model's.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model = rule_book.rows_of(SHIPPED_RULES / "models.csv")[0]["model_id"]
    rules = rule_book.rows_of(SHIPPED_RULES / "rules_behavioral.csv")
    activities = {rule["activity"] for rule in rules if rule["model_id"] == model}
    rows_of_model = ("models", "dimensions", "rules_behavioral", "tiers", "grades", "key_fields")
    for file in (SHIPPED_RULES / f"{name}.csv" for name in RULE_SEEDS):
        with file.open(newline="", encoding="utf-8") as lines:
            header, *rows = csv.reader(lines)
        kept = []
        if file.stem in rows_of_model:
            kept = [["behavioural", *row[1:]] for row in rows if row[0] == model]
        elif file.stem == "activities":
            kept = [row for row in rows if row[0] in activities]
        with (folder / file.name).open("w", newline="", encoding="utf-8") as written:
            csv.writer(written).writerows([header, *kept])
