"""What belongs here: what the assets share: the warehouse for one run at a time, the process that
audits, and how runs are recorded."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.runs.sqlite import sqlite_run_storage
from dagster._core.storage.schedules.sqlite import sqlite_schedule_storage

from orchestration.defs.days import load_settings_of_run
from orchestration.lib.basics.locks import find_lock, is_held_here
from orchestration.lib.basics.records import write_records_lazily
from orchestration.lib.basics.warehouse import WAIT_SECONDS_FOR_RUN, check_warehouse, hold_warehouse
from orchestration.lib.checked.auditor import Auditor, start_auditor

write_records_lazily(sqlite_event_log, sqlite_run_storage, sqlite_schedule_storage)

# Whatever opens the warehouse is in it, so that no two runs meet there.
WAREHOUSE_POOL = "warehouse"


@contextmanager
def fail_with_sentences() -> Iterator[None]:
    """What is wrong with data or settings inside the block fails the step with its sentence, and is
    not tried again."""
    try:
        yield
    except ValueError as error:
        raise dg.Failure(str(error), allow_retries=False) from None


class WarehouseLock(dg.ConfigurableResource):
    """The warehouse, for one run alone from its first step to its last.

    DuckDB keeps two writers apart only while each has the file open: between two steps of a run
    another one could rebuild the scores. The pool keeps apart what Dagster's daemon starts, not
    what `leads run` and a plain `dbt build` do.
    """

    wait_seconds: float = WAIT_SECONDS_FOR_RUN

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["WarehouseLock"]:
        """Held while the run's process works: steps run in it, one after another."""
        warehouse = load_settings_of_run(context.run).warehouse
        # `leads run` has taken it before it reads its settings.
        if is_held_here(find_lock(warehouse)):
            yield self
            return
        with hold_warehouse(warehouse, wait_seconds=self.wait_seconds):
            check_warehouse(warehouse)
            yield self


@dg.resource(description="A process that audits, started with the run.")
def auditor(_context: dg.InitResourceContext) -> Iterator[Auditor]:
    """Ends with the run."""
    with start_auditor() as process:
        yield process


@dg.definitions
def resources() -> dg.Definitions:
    """What the assets share; steps run in the process of their run, which saves half the time."""
    return dg.Definitions(
        resources={"auditor": auditor, "warehouse_lock": WarehouseLock()},
        executor=dg.in_process_executor,
    )
