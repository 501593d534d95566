"""What belongs here: the small warehouse of an intraday run, a DuckDB file on every engine. The
project scores in it the rows that `touched` has found, beside what was decided of these leads."""

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TextIO

import duckdb

from orchestration.lib.asked.scratch import FOR_TIERS, build, tier
from orchestration.lib.basics.progress import count_things, time_step
from orchestration.lib.basics.quoting import quote
from orchestration.lib.basics.rule_book_files import hash_rules
from orchestration.lib.basics.settings import Settings
from orchestration.lib.basics.warehouse import attach_beside, attach_warehouse, open_warehouse
from orchestration.lib.built.dbt_command import AFTER_TIERS
from orchestration.lib.built.kept_statements import (
    hash_project,
    keep_statements,
    run_kept_statements,
)
from orchestration.lib.published.changes import write_changes

# What is made anew of a lead.
LEAD_MARTS = (
    "lead_scores",
    "lead_score_ledger",
    "lead_score_parts",
    "lead_activities",
    "lead_unknowns",
    "lead_outlook",
    "lead_confidence",
    "scored_leads",
)

# What the warehouse knows that no raw row says. Of tables by lead, the rows of these leads.
STATE = (
    "erased_people",
    "lead_score_current",
    "lead_score_past",
    "scored_days",
    "hand_overs",
    "hand_over_rules",
    "model_confidence",
    "confidence_curves",
    "backtest_cohorts",
    "published_promises",
)

# A tier of limited capacity has the places that these leads hold in it, and those that are free.
LIMIT_PLACES = """
update rule_book.model_tiers
set capacity = greatest(0, capacity - coalesce(others.leads, 0))
from (
    select lead_tiers.model_id, lead_tiers.tier, count(*) as leads
    from warehouse.main.lead_tiers as lead_tiers
    inner join warehouse.scoring.tier_inputs as scores using (as_of_date, model_id, lead_id)
    where
        lead_tiers.as_of_date = $as_of
        and not scores.is_excluded
        and lead_tiers.lead_id not in (from context_leads)
    group by all
) as others
where
    model_tiers.model_id = others.model_id
    and model_tiers.tier = others.tier
    and model_tiers.capacity is not null
"""


def settle(settings: Settings, folder: Path) -> Settings:
    """The settings of a run on the small warehouse in `folder`."""
    return replace(settings, raw=folder / "raw", warehouse=folder / "leads.duckdb", target="duckdb")


def make_small_warehouse(small: Settings, *, warehouse: Path, console: TextIO) -> None:
    """Make the file anew: the rule book, which is read once, and what `warehouse` knows of the
    leads that are scored. Beside it lie touched_leads.parquet and context_leads.parquet."""
    template = find_kept(small) / small.warehouse.name
    small.warehouse.unlink(missing_ok=True)
    if not template.exists():
        for old in small.warehouse.parent.glob("rules-*"):
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        selected = ("--select", "resource_type:seed", "path:models/rule_book")
        build(small, small.warehouse.parent, console, *selected)
        template.parent.mkdir()
        small.warehouse.rename(template)
    shutil.copyfile(template, small.warehouse)
    with attach_warehouse(warehouse) as connection:
        connection.execute(f"attach {quote(small.warehouse)} as small")
        for table in ("touched_leads", "context_leads"):
            file = quote(small.warehouse.with_name(f"{table}.parquet"))
            connection.execute(f"create table small.main.{table} as from {file}")
        for table in STATE:
            described = connection.execute(f"describe warehouse.main.{table}").fetchall()
            theirs = (
                " where lead_id in (from small.main.context_leads)"
                if "lead_id" in [name for name, *_ in described]
                else ""
            )
            connection.execute(
                f"create or replace table small.main.{table} as from warehouse.main.{table}{theirs}"
            )


def score(small: Settings, console: TextIO) -> None:
    """Score the leads of the small warehouse."""
    wanted = [*FOR_TIERS, *(f"+{mart}" for mart in LEAD_MARTS)]
    left_out = ("resource_type:seed", "path:models/rule_book", AFTER_TIERS)
    # All that is there is new: then no SQL hangs on which days the events are of.
    build_small(small, console, "--full-refresh", "--select", *wanted, "--exclude", *left_out)


def decide(small: Settings, *, warehouse: Path, published: Path, console: TextIO) -> None:
    """Tiers and hand-overs of the leads, what has changed of them since the day before, and what
    is told of them by their tiers."""
    (as_of,) = small.as_of_dates
    with open_warehouse(small.warehouse) as connection:
        attach_beside(connection, warehouse)
        connection.execute(LIMIT_PLACES, {"as_of": as_of})
    tier(small, console)
    with open_warehouse(small.warehouse) as connection:
        write_changes(connection, published)
    build_small(small, console, "--select", *(f"+{mart},{AFTER_TIERS}" for mart in LEAD_MARTS))


def find_kept(small: Settings) -> Path:
    """The folder of what stays from run to run: the rule book as it was read, and the SQL of the
    day. It holds nothing of people."""
    read = f"{hash_rules(small.rules)} {hash_project(small.project)} {duckdb.__version__}"
    digest = hashlib.sha256(read.encode()).hexdigest()
    return small.warehouse.with_name(f"rules-{digest[:16]}")


def build_small(small: Settings, console: TextIO, *selection: str) -> None:
    """Build `selection` into the small warehouse: by the SQL that an earlier run of the day has
    kept, where it is the same again, else by dbt."""
    digest = hashlib.sha256(" ".join(selection).encode()).hexdigest()
    kept = find_kept(small) / f"{digest[:16]}.json"
    with time_step(console, "kept SQL") as what:
        statements = run_kept_statements(kept, small, selection)
        what.append(count_things(statements, "statement"))
    if not statements:
        with keep_statements(kept, small, selection):
            build(small, small.warehouse.parent, console, *selection)
