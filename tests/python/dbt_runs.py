"""Runs of the real dbt project on raw tables that a test writes down as rows.

What belongs here: writing raw tables, running dbt on them in this process, reading the
warehouse. No expectations: those stand in the tests.
"""

from __future__ import annotations

import atexit
import csv
import functools
import gc
import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from unittest import mock

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from dbt_common.events.base_types import BaseEvent, DebugLevel
from dbt_common.events.event_manager import EventManager

from orchestration.lib.basics.settings import RULE_SEEDS

PROJECT = Path(__file__).parents[2]
SHIPPED_RULES = PROJECT / "seeds" / "rules"
AS_OF = "2026-06-30"
DEFAULT_MODEL = "b2b_software"
WORKER = "PYTEST_XDIST_WORKER"
# What a run notes as read, by which the next one reads less.
WATERMARKS = ("event_tables_read", "event_loads_read", "visitors_read")
# What a test reads that asks for scores and their reasons.
SCORES = ("lead_scores", "lead_score_ledger")
# What tiers are decided by, beside the scores.
TIERED = (
    *SCORES, "tier_inputs", "unmet_demands", "int_lead_cool_downs", "int_lead_suppressions",
)  # fmt: skip
# A fifth of a small run is dbt telling what it does; its errors come by the callback.
SPARING = (
    "--quiet", "--no-partial-parse", "--no-write-json",
    "--log-level", "none", "--log-level-file", "none",
)  # fmt: skip

Row = Mapping[str, object]
RawTables = Mapping[str, Sequence[Row]]


@contextmanager
def _without_debug_events():
    """dbt makes messages of thousands of events, also where no logger asks for them: an eighth of
    a small run. Only within the block: what the project's own runs tell comes by such events."""
    make, fire = BaseEvent.__init__, EventManager.fire_event

    def make_if_told(self, *arguments, **fields):
        if isinstance(self, DebugLevel):
            self.pb_msg = None
        else:
            make(self, *arguments, **fields)

    def fire_if_told(self, e, *arguments, **options):
        if not isinstance(e, DebugLevel):
            fire(self, e, *arguments, **options)

    with (
        mock.patch.object(BaseEvent, "__init__", make_if_told),
        mock.patch.object(EventManager, "fire_event", fire_if_told),
    ):
        yield


@dataclass(frozen=True)
class Outcome:
    """How a dbt command ended, with the text of every error it reported and of what the project's
    macros had it say."""

    success: bool
    errors: str


def write_raw(root: Path, tables: RawTables) -> Path:
    """Write raw tables (`crm.leads` -> rows) as CSV files under root; returns root."""
    for name, rows in tables.items():
        source, table = name.split(".")
        path = root / source / f"{table}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        columns = list(dict.fromkeys(column for row in rows for column in row))
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
    return root


def lead(lead_id: str, **columns: object) -> Row:
    """A raw lead created in January 2026 of which nothing else is known."""
    times = dict.fromkeys(("created_at", "updated_at", "_loaded_at"), "2026-01-01 00:00:00")
    return {"lead_id": lead_id, "email": None, **times, **columns}


def web_event(event_id: str, day: str, **columns: object) -> Row:
    """A raw page view at noon of a day, loaded at once."""
    times = dict.fromkeys(("occurred_at", "_loaded_at"), f"{day} 12:00:00")
    return {"event_id": event_id, "visitor_id": "v", "event_type": "page_view", **times, **columns}


def email_event(event_id: str, day: str, **columns: object) -> Row:
    """A raw mail event at noon of a day, loaded at once."""
    times = dict.fromkeys(("occurred_at", "_loaded_at"), f"{day} 12:00:00")
    return {"event_id": event_id, "email": None, "event_type": "click", **times, **columns}


def activity(
    activity_id: str, day: str, lead_id: str, activity_type: str, **columns: object
) -> Row:
    """A raw CRM activity at noon of a day, loaded at once."""
    times = dict.fromkeys(("occurred_at", "_loaded_at"), f"{day} 12:00:00")
    keys = {"activity_id": activity_id, "lead_id": lead_id, "activity_type": activity_type}
    return {**keys, **times, **columns}


def run_dbt(
    *arguments: str,
    raw: Path,
    warehouse: Path,
    rules: Path = SHIPPED_RULES,
    as_of: str = AS_OF,
    known: str = "now",
    variables: Mapping[str, object] | None = None,
) -> Outcome:
    """Run a dbt command of the project in this process and let go of the warehouse."""
    given = json.dumps(dict(variables or {}))
    errors: list[str] = []

    def note_errors(event) -> None:
        if event.info.level == "error" or event.info.name == "JinjaLogInfo":
            errors.append(event.info.msg)

    with (
        _settings(raw=raw, warehouse=warehouse, rules=rules, as_of=as_of, known=known),
        _in_project(),
        _without_debug_events(),
    ):
        runner = dbtRunner(manifest=_parse(_list_seeds(rules), given), callbacks=[note_errors])
        try:
            result = runner.invoke([*arguments, "--vars", given, *SPARING])
        finally:
            DuckDBConnectionManager.close_all_connections()
            gc.collect()
    return Outcome(success=result.success, errors="\n".join([*errors, str(result.exception or "")]))


def build_warehouse(
    folder: Path,
    tables: RawTables,
    *,
    rules: Path = SHIPPED_RULES,
    as_of: str = AS_OF,
    models: Sequence[str] = (),
) -> Path:
    """Score raw tables with a rule book into `<folder>/leads.duckdb`; returns its path."""
    raw = write_raw(folder / "raw", tables)
    return score_raw(raw, folder, rules=rules, as_of=as_of, models=models)


def score_raw(
    raw: Path,
    folder: Path,
    *,
    rules: Path = SHIPPED_RULES,
    as_of: str = AS_OF,
    known: str = "now",
    models: Sequence[str] = (),
) -> Path:
    """Score a folder of raw files into `<folder>/leads.duckdb`; returns its path.

    Seeds and the reading of the rule book are built once per rule book and copied. `models`: those
    that the test reads, which with all that they are made of are a half of the project; all of it
    where none is named.
    """
    warehouse = folder / "leads.duckdb"
    shutil.copy(_warehouse_with_rules(rules), warehouse)
    outcome = run_dbt(
        "run", *choose_models(models),
        raw=raw, warehouse=warehouse, rules=rules, as_of=as_of, known=known,
    )  # fmt: skip
    assert outcome.success, outcome.errors
    return warehouse


def choose_models(models: Sequence[str] = ()) -> list[str]:
    """dbt's options that run models with all that they are made of, or where none is named all of
    the project, but for the rule book, which has been read."""
    chosen = ["--select", *(f"+{model}" for model in (*models, *WATERMARKS))] if models else []
    return [*chosen, "--exclude", "path:models/rule_book"]


def copy_shipped_rules(warehouse: Path) -> Path:
    """A new warehouse at this path that holds the shipped rule book alone; returns the path."""
    return Path(shutil.copy(_warehouse_with_rules(SHIPPED_RULES), warehouse))


def list_changed_seeds(rules: Path) -> list[str]:
    """The seeds of a rule book that are not the shipped ones, and what stands in for those that it
    lacks; the others of a warehouse with the shipped rule book are as they should be."""
    changed = [
        path.stem
        for path in sorted(rules.glob("*.csv"))
        if path.read_bytes() != (SHIPPED_RULES / path.name).read_bytes()
    ]
    lacks_some = _list_seeds(rules) != _list_seeds(SHIPPED_RULES)
    return [*changed, "package:shipped_rules"] if lacks_some else changed


def judge_rules(rules: Path, warehouse: Path, *seeds: str) -> Outcome:
    """How dbt ends that reads these files of a rule book into a warehouse and judges all of it."""
    return run_dbt(
        "build", "--select", *seeds, "+rule_book_problems,resource_type:model",
        "--exclude-resource-type", "unit_test", "test",
        raw=rules, warehouse=warehouse, rules=rules,
    )  # fmt: skip


def copy_rules_without_options(folder: Path) -> Path:
    """The shipped rule book without the files that a rule book may lack, and without the rules that
    name what these define, in a new `folder`, which is returned."""
    folder.mkdir(parents=True)
    defined = {
        row[column]
        for name, column in (("conditions", "condition"), ("activity_attributes", "attribute"))
        for row in _read_rows(SHIPPED_RULES / f"{name}.csv")
    }
    for name in RULE_SEEDS:
        rows = _read_rows(SHIPPED_RULES / f"{name}.csv")
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(row for row in rows if row.get("attribute") not in defined)
    return folder


def _read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def query(warehouse: Path, sql: str) -> list[tuple]:
    """Rows of a query on a warehouse file."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def read_ledger(
    warehouse: Path, lead_id: str, *, model_id: str = DEFAULT_MODEL, column: str = "points"
) -> dict[str, float]:
    """rule_id -> points (or raw_points) of one lead in one model."""
    sql = (
        f"select rule_id, {column} from lead_score_ledger"
        f" where lead_id = '{lead_id}' and model_id = '{model_id}'"
    )
    return {rule_id: float(points) for rule_id, points in query(warehouse, sql)}


def read_score(
    warehouse: Path, lead_id: str, *columns: str, model_id: str = DEFAULT_MODEL
) -> tuple:
    """Some columns of a lead's row in lead_scores of one model, numbers as floats."""
    (row,) = query(
        warehouse,
        f"select {', '.join(columns)} from lead_scores"
        f" where lead_id = '{lead_id}' and model_id = '{model_id}'",
    )
    return tuple(float(value) if isinstance(value, Decimal) else value for value in row)


def _list_seeds(rules: Path) -> tuple[str, ...]:
    return tuple(sorted(path.name for path in rules.glob("*.csv")))


@functools.cache
def _parse(seeds: tuple[str, ...], variables: str):
    """What dbt reads of the project, which is the same for all rule books of the same files:
    their cells are read when seeds are loaded. Called with the settings of a run."""
    result = dbtRunner().invoke(["parse", "--vars", variables, *SPARING])
    assert result.success, result.exception
    # A million objects that stay: the garbage collector need not look at them after each run.
    gc.freeze()
    return result.result


@functools.cache
def _warehouse_with_rules(rules: Path) -> Path:
    """A warehouse with a rule book alone; of other books than the shipped one only the files that
    differ are read again."""
    folder = _make_folder()
    warehouse = folder / "leads.duckdb"
    seeds = ["resource_type:seed"]
    if rules != SHIPPED_RULES:
        copy_shipped_rules(warehouse)
        seeds = list_changed_seeds(rules)
    outcome = run_dbt(
        "build", "--select", *seeds, "path:models/rule_book",
        "--exclude-resource-type", "unit_test", "test",
        raw=folder, warehouse=warehouse, rules=rules,
    )  # fmt: skip
    assert outcome.success, outcome.errors
    return warehouse


def _make_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="rules-"))
    atexit.register(shutil.rmtree, folder)
    return folder


@functools.cache
def _find_place_of_rules() -> Path:
    """Where dbt finds the rule book of each run: a link, so that it is one place for all of them
    and the project is parsed once."""
    return _make_folder() / "rules"


def _put_rules_in_place(rules: Path) -> Path:
    place = _find_place_of_rules()
    place.unlink(missing_ok=True)
    place.symlink_to(rules.resolve())
    return place


def _settings(*, raw: Path, warehouse: Path, rules: Path, as_of: str, known: str = "now"):
    return mock.patch.dict(
        os.environ,
        {
            "LEADS_RAW": str(raw),
            "LEADS_WAREHOUSE": str(warehouse),
            "LEADS_RULES": str(_put_rules_in_place(rules)),
            "LEADS_AS_OF": as_of,
            "LEADS_KNOWN": known,
            "LEADS_TARGET": "duckdb",
            # One per process of pytest.
            "DBT_TARGET_PATH": str(PROJECT / "build" / "test" / os.environ.get(WORKER, "pytest")),
        },
    )


@contextmanager
def _in_project():
    before = Path.cwd()
    os.chdir(PROJECT)
    try:
        yield
    finally:
        os.chdir(before)
