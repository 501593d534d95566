"""What belongs here: running dbt inside this process. To import dbt and to read the project takes
longer than to score a small day: a process does both once, however often it builds."""

import gc
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from orchestration.lib.basics.locks import find_lock, hold_lock, is_held_here
from orchestration.lib.basics.masking import mask_message
from orchestration.lib.basics.rule_book_files import (
    check_rule_book_files,
    find_delimiter,
    hash_rules,
    list_rule_book_files,
)
from orchestration.lib.basics.settings import PROJECT_ROOT, Settings, list_settings, load_settings
from orchestration.lib.built.dbt_report import clean_message, describe_failures
from orchestration.lib.built.land_raw import land_raw
from orchestration.lib.built.load_raw import is_to_load, load_raw
from orchestration.lib.built.spark_tables import (
    drop_built,
    find_folder,
    show_tables,
    write_own_tables,
)

# Where dbt keeps what it has read of the project, so that it reads again only what has changed. Not
# where a plain `dbt build` keeps it: that has other settings, and each would undo the other's.
TARGET = PROJECT_ROOT / os.environ.get("DBT_TARGET_PATH", "target") / "orchestration"

# What is built on the tiers and on all else that the tiering writes after lead_scores.
AFTER_TIERS = "source:tiering+"

# The package of the shipped files that count where a rule book lacks them (seeds/shipped).
STAND_INS = "shipped_rules"

# Reading the project opens no table, so that any day will do; always the same one, because dbt
# reads anew what depends on a setting that has changed.
ANY_DAY = date(2000, 1, 1)


@dataclass(frozen=True)
class NodeResult:
    """How one table or test of a dbt command ended. `kind` is model, seed, snapshot, test …,
    `status` dbt's word for it, `failures` the rows that a test found."""

    name: str
    kind: str
    status: str
    message: str
    seconds: float
    failures: int


def run_dbt(arguments: list[str], *, settings: Settings, target_path: Path) -> Iterator[NodeResult]:
    """Run a dbt command with `settings`; gives how each table and test ended, as soon as it has.

    dbt's files about this run go to `target_path`. Raises ValueError with dbt's complaints where
    it failed. In the end nothing holds the warehouse any more.
    """
    project = read_project(forget_run(settings), list_names(settings.rules))
    separate_columns(project, settings)
    if settings.target == "spark":
        register_tables(write_own_tables(settings.warehouse, project), settings, project)
    built = set()
    ended: SimpleQueue[NodeResult | None] = SimpleQueue()
    outcomes = []

    def note(event: Any) -> None:
        if event.info.name == "NodeFinished":
            ended.put(describe_node(event.data))

    def work() -> None:
        try:
            outcomes.append(
                invoke(
                    [*arguments, "--target-path", str(target_path)],
                    settings=settings,
                    project=project,
                    callbacks=[note],
                )
            )
        finally:
            ended.put(None)

    # In a thread of its own: whoever asks writes down one table while dbt builds the next.
    threading.Thread(target=work, name="dbt", daemon=True).start()
    while (result := ended.get()) is not None:
        built.add(result.name)
        yield result
    demand_success(outcomes[0])
    if settings.target == "spark":
        show_tables(settings.warehouse, project, names=built)


def load_files(settings: Settings) -> None:
    """Bring the raw files to where the engine reads them, where it does not read the files
    themselves. Raises ValueError where one cannot be read."""
    if settings.target == "spark":
        project = read_project(forget_run(settings), list_names(settings.rules))
        _, tables = land_raw(settings, folder=find_folder(settings.warehouse) / "raw")
        register_tables(tables, settings, project)
    elif is_to_load(settings):
        load_raw(settings)


def make_buildable(scratch: Settings, *, target: str) -> None:
    """Have dbt be able to build in a copy of the DuckDB file of a warehouse on the engine
    `target`."""
    if target == "spark":
        drop_built(scratch.warehouse, read_project(forget_run(scratch), list_names(scratch.rules)))


def register_tables(tables: list[dict[str, str]], settings: Settings, project: Any) -> None:
    """Have Spark know tables by the folders of their Parquet files."""
    given = json.dumps({"tables": tables})
    operation = ["run-operation", "register_tables", "--args", given]
    demand_success(invoke(operation, settings=settings, project=project))


def list_names(rules: Path) -> str:
    """The files of a rule book by their names."""
    return " ".join(sorted(path.name for path in rules.glob("*.csv")))


@lru_cache(maxsize=1)
def read_project(settings: Settings, rule_book_files: str) -> Any:
    """The dbt project, read once in a process for the same files of the rule book. Raises
    ValueError where it cannot be read."""
    with (
        hold_lock(TARGET / ".lock", wait_seconds=120),
        # dbt_project.yml says why.
        set_variables({"RULE_BOOK_FILES": rule_book_files}),
    ):
        outcome = invoke(["parse", "--target-path", str(TARGET)], settings=settings)
    demand_success(outcome)
    leave_out_stand_ins(outcome.result)
    # It stays to the end, with all that was imported: nobody needs to look there for what may go.
    gc.freeze()
    return outcome.result


def leave_out_stand_ins(project: Any) -> None:
    """Have dbt load no shipped file in place of one that the rule book has itself: nothing would
    read it."""
    seeds = [node for node in project.nodes.values() if node.resource_type == "seed"]
    own = {node.name for node in seeds if node.package_name != STAND_INS}
    for node in seeds:
        if node.package_name == STAND_INS and node.name in own:
            del project.nodes[node.unique_id]


def separate_columns(project: Any, settings: Settings) -> None:
    """Have dbt read each CSV file of the rule book by what separates its columns, which may change
    from run to run. Raises ValueError where a file cannot be read at all."""
    seeds = {node.name: node for node in project.nodes.values() if node.resource_type == "seed"}
    files = list_rule_book_files(settings.rules, project=settings.project)
    check_rule_book_files(files)
    for path in files:
        if path.stem in seeds:
            seeds[path.stem].config.delimiter = find_delimiter(path.read_bytes())


def prepare_manifest() -> Path:
    """The file that says which tables and tests the project has, made anew where a file of the
    project is newer; one for each LEADS_SOURCES, as the tables differ. Raises ValueError where the
    project cannot be read.

    For those who only show it: a run reads the project itself.
    """
    settings = forget_run(load_settings(as_of_dates=[ANY_DAY]))
    manifest = TARGET / f"{'-'.join(['manifest', *settings.sources])}.json"
    if not manifest.exists() or manifest.stat().st_mtime <= find_newest_change(PROJECT_ROOT):
        project = read_project(settings, list_names(settings.rules))
        # Another process may be reading the one that is there.
        fresh = manifest.with_suffix(f".{os.getpid()}")
        project.write(str(fresh))
        fresh.replace(manifest)
    return manifest


def forget_run(settings: Settings) -> Settings:
    """The settings without what differs from run to run and does not matter for reading the
    project. The name of the warehouse's file does: it is that of the database."""
    return replace(
        settings,
        as_of_dates=(ANY_DAY,),
        known="now",
        warehouse=Path(settings.warehouse.name),
        published=Path("published"),
    )


def find_newest_change(project: Path) -> float:
    """When a file that the manifest is made from was last changed, in seconds since 1970."""
    files = [project / "dbt_project.yml", project / "profiles.yml"]
    for folder in ("models", "macros", "seeds", "snapshots", "tests/data"):
        files += [path for path in (project / folder).rglob("*") if path.is_file()]
    return max(path.stat().st_mtime for path in files if path.exists())


def invoke(
    arguments: list[str],
    *,
    settings: Settings,
    project: Any = None,
    callbacks: list[Callable[[Any], None]] | None = None,
) -> Any:
    """dbt's own result of one command. Without `project` it reads the project first. What dbt says
    is printed here and not by dbt, because its messages quote the values that it stumbles over."""
    # Three seconds: only where dbt is needed, and after wrong settings are said.
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.adapters.factory import cleanup_connections
    from dbt.cli.main import dbtRunner

    told = {
        # A run beside one that reads vendors' tables may read none.
        "LEADS_SOURCES": ",".join(settings.sources),
        # The rule book of the run, for engines that are told nothing by a plugin.
        "DBT_RULES_SHA256": hash_rules(settings.rules),
    }
    if is_held_here(find_lock(settings.warehouse)):
        # It need not wait for the run that it is a part of.
        told["DBT_WAREHOUSE_IS_HELD"] = "yes"
    if settings.target == "spark":
        # Its workers are to find pandas: the Python of this environment, if nothing else is said.
        told["PYSPARK_PYTHON"] = os.environ.get("PYSPARK_PYTHON", sys.executable)
    with set_variables({**list_settings(settings), **told}):
        try:
            return dbtRunner(manifest=project, callbacks=[print_event, *(callbacks or [])]).invoke(
                [
                    *arguments,
                    *("--log-level", "none"),
                    *("--target", settings.target),
                    *("--project-dir", str(settings.project)),
                    *("--profiles-dir", str(settings.project)),
                    "--no-use-colors",
                    # Nobody reads what it would write about itself; it takes a second.
                    "--no-write-json",
                    *("--log-level-file", "none"),
                ]
            )
        finally:
            cleanup_connections()
            DuckDBConnectionManager.close_all_connections()
            # Cursors that nobody uses any more would keep the file locked.
            gc.collect()


def print_event(event: Any) -> None:
    """Print what dbt says on its way, as dbt does, without the values that it may quote."""
    if event.info.level != "debug":
        print(f"{datetime.now(UTC):%H:%M:%S}  {mask_message(event.info.msg)}", flush=True)


@contextmanager
def set_variables(values: dict[str, str]) -> Iterator[None]:
    """These environment variables inside the block."""
    before = {name: os.environ[name] for name in values if name in os.environ}
    os.environ.update(values)
    try:
        yield
    finally:
        for name in values:
            del os.environ[name]
        os.environ.update(before)


def describe_node(data: Any) -> NodeResult:
    """The result of a table or test from what dbt's event NodeFinished holds."""
    return NodeResult(
        name=data.node_info.node_name,
        kind=data.node_info.resource_type,
        status=data.run_result.status,
        message=mask_message(data.run_result.message),
        seconds=data.run_result.execution_time,
        failures=data.run_result.num_failures,
    )


def demand_success(outcome: Any) -> None:
    """ValueError with what dbt complains about: by table and test where it came that far, else as
    it said so."""
    if not outcome.success:
        results = getattr(outcome.result, "results", [])
        sentences = describe_failures(results) or [clean_message(str(outcome.exception))]
        raise ValueError("\n".join(sentences))
