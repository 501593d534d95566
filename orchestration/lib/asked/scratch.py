"""What belongs here: scoring beside the warehouse, in a copy of it, so that neither it nor the
publication changes. The copy is a DuckDB file on every engine: all give the same scores, and a
team's database is not burdened with what is only asked."""

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TextIO

import pandas as pd

from orchestration.lib.basics.locks import hold_lock
from orchestration.lib.basics.progress import count_things, time_step
from orchestration.lib.basics.quoting import quote
from orchestration.lib.basics.settings import Settings
from orchestration.lib.basics.warehouse import (
    attach_warehouse,
    hold_warehouse,
    is_on_server,
    list_server_tables,
    open_warehouse,
)
from orchestration.lib.built.dbt_command import make_buildable, run_dbt
from orchestration.lib.built.load_raw import is_to_load, list_raw_tables
from orchestration.lib.decided.tiers import write_tiers

# What dbt makes for the tiers, and no more.
FOR_TIERS = (
    "+lead_scores",
    "+lead_score_ledger",
    "+tier_inputs",
    "+unmet_demands",
    "+int_lead_suppressions",
    "+int_lead_cool_downs",
)

# What a tier depends on beside the day's scores.
DECIDED = (
    "lead_tiers",
    "lead_score_current",
    "lead_score_past",
    "lead_score_history_parts",
    "scored_days",
    "tier_cut_offs",
    "hand_overs",
    "hand_over_rules",
)


@contextmanager
def open_scratch(settings: Settings, folder: Path) -> Iterator[Settings]:
    """The settings with a copy of the warehouse, made anew in `folder`, in its place; nobody else
    works in `folder` inside the block. Where there is no warehouse yet there is no copy either:
    dbt makes one.

    Raises ValueError where another process is at work in `folder`, or does not let go of the
    warehouse.
    """
    scratch = replace(settings, warehouse=folder / settings.warehouse.name, target="duckdb")
    with hold_lock(folder / ".lock", wait_seconds=5):
        for suffix in ("", ".wal"):
            Path(f"{scratch.warehouse}{suffix}").unlink(missing_ok=True)
        if is_on_server(settings.warehouse):
            with hold_warehouse(settings.warehouse):
                copy_from_server(settings, scratch.warehouse)
        elif settings.warehouse.is_file():
            # Half of a run is nothing to look at; and who reads the file keeps writers out.
            with (
                hold_warehouse(settings.warehouse),
                attach_warehouse(settings.warehouse),
            ):
                # What a run that was killed has not yet put into its place lies in the second.
                for suffix in ("", ".wal"):
                    file = Path(f"{settings.warehouse}{suffix}")
                    if file.is_file():
                        shutil.copyfile(file, f"{scratch.warehouse}{suffix}")
            make_buildable(scratch, target=settings.target)
        yield scratch


def copy_from_server(settings: Settings, file: Path) -> None:
    """Copy into a new DuckDB `file` what is not made again there of a warehouse on a server: what
    was decided and found, what CRM fields were, and raw tables that come from no files."""
    raw = [] if is_to_load(settings) else list_raw_tables(settings)
    wanted = {(table.schema, table.table) for table in raw}
    with attach_warehouse(settings.warehouse) as connection:
        connection.execute(f"attach {quote(file)} as scratch")
        for schema, table, is_view in list_server_tables(connection):
            is_kept = schema in ("main", "snapshots") and not is_view
            if is_kept or (schema, table) in wanted:
                place = f'"{schema}"."{table}"'
                connection.execute(f'create schema if not exists scratch."{schema}"')
                connection.execute(f"create table scratch.{place} as from warehouse.{place}")


def build(
    settings: Settings,
    folder: Path,
    console: TextIO,
    *selection: str,
    left_out: Iterable[str] = ("unit_test", "test"),
) -> None:
    """Have dbt build `selection` into the scratch warehouse of `settings`, but for what is of the
    kinds `left_out`. Raises ValueError with dbt's complaints."""
    command = ["build", *(word for kind in left_out for word in ("--exclude-resource-type", kind))]
    with time_step(console, "dbt build") as what:
        results = run_dbt([*command, *selection], settings=settings, target_path=folder / "target")
        kinds = Counter(result.kind for result in results)
        files = [count_things(kinds["seed"], "rule and reference file")] if kinds["seed"] else []
        what.append(", ".join([*files, count_things(kinds["model"], "table")]))


def tier(settings: Settings, console: TextIO, kept: pd.DataFrame | None = None) -> None:
    """Write the tiers into the scratch warehouse of `settings`; `kept` is for `write_tiers`."""
    with (
        time_step(console, "tiers", "lead_tiers"),
        open_warehouse(settings.warehouse) as connection,
    ):
        write_tiers(connection, kept=kept)


def forget_decisions(warehouse: Path) -> None:
    """Empty what a scratch warehouse has of tiers and hand-overs: which tier a lead was in on a
    past day must not depend on when that is asked."""
    with open_warehouse(warehouse) as connection:
        for table in DECIDED:
            connection.execute(f"delete from main.{table}")
