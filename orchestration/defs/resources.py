"""What belongs here: what the assets share. The dbt command, the settings of a run, the
warehouse for one run at a time."""

import importlib.metadata
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import dagster as dg
from dagster_dbt import DbtCliInvocation, DbtCliResource
from packaging.version import Version

from orchestration.lib.dbt_report import clean_message, describe_failures
from orchestration.lib.locks import hold_lock
from orchestration.lib.settings import PROJECT_ROOT, Settings, list_settings, load_settings

# Whatever opens the warehouse is in it, so that no two runs meet there.
WAREHOUSE_POOL = "warehouse"


class InstalledDbt(DbtCliResource):
    """The dbt of this environment, known without asking for it."""

    @cached_property
    def _cli_version(self) -> Version:
        # dagster-dbt runs `dbt --version`, which takes three seconds and looks up the registry.
        return Version(importlib.metadata.version("dbt-core"))


def make_dbt() -> InstalledDbt:
    """The dbt command of this project."""
    return InstalledDbt(
        project_dir=os.fspath(PROJECT_ROOT),
        profiles_dir=os.fspath(PROJECT_ROOT),
        dbt_executable=os.fspath(find_dbt()),
    )


def find_errors(invocation: DbtCliInvocation) -> list[str]:
    """What a failed dbt command complains about: by node where it came that far, else as it said
    so."""
    try:
        run_results = invocation.get_artifact("run_results.json")
        manifest = invocation.get_artifact("manifest.json")
    except FileNotFoundError:
        run_results = {"results": []}
        manifest = {}
    said = str(invocation.get_error()).partition("Errors parsed from dbt logs:")[2]
    return describe_failures(run_results, manifest) or [clean_message(said)]


def find_dbt() -> Path:
    """The dbt beside the Python that runs this: the page is also started without activating."""
    return Path(sys.executable).with_name("dbt")


def load_settings_of_run(
    context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext,
) -> Settings:
    """The settings, with `today` the day the run was created: the same at each of its steps, also
    past midnight."""
    record = context.instance.get_run_record_by_id(context.run.run_id)
    return load_settings(today=record.create_timestamp.date())


@contextmanager
def set_environment(settings: Settings) -> Iterator[None]:
    """The settings as environment variables, for a command that is started inside the block."""
    before = dict(os.environ)
    os.environ.update(list_settings(settings))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


class WarehouseLock(dg.ConfigurableResource):
    """The warehouse, for one run alone from its first step to its last.

    DuckDB keeps two writers apart only while each has the file open: between two steps of a run
    another one could rebuild the scores. The pool keeps apart what Dagster's daemon starts, not
    what `make run` does.
    """

    wait_seconds: float = 1800

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["WarehouseLock"]:
        """Held while the run's process works: steps run in it, one after another."""
        warehouse = load_settings().warehouse
        lock = warehouse.with_name(f".{warehouse.name}.lock")
        with hold_lock(lock, wait_seconds=self.wait_seconds):
            yield self


@dg.definitions
def resources() -> dg.Definitions:
    """What the assets share; steps run in the process of their run, which saves half the time."""
    return dg.Definitions(
        resources={"dbt": make_dbt(), "warehouse_lock": WarehouseLock()},
        executor=dg.in_process_executor,
    )
