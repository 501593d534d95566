"""What belongs here: what the assets share: the warehouse for one run at a time, the process that
audits, and how runs are recorded."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from orchestration.defs.days import load_settings_of_run
from orchestration.lib.auditor import Auditor, start_auditor
from orchestration.lib.locks import hold_lock
from orchestration.lib.records import write_records_lazily

write_records_lazily()

# Whatever opens the warehouse is in it, so that no two runs meet there.
WAREHOUSE_POOL = "warehouse"


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
        warehouse = load_settings_of_run(context.run).warehouse
        lock = warehouse.with_name(f".{warehouse.name}.lock")
        with hold_lock(lock, wait_seconds=self.wait_seconds):
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
