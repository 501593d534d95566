"""What belongs here: the small warehouse of an intraday run, a DuckDB file on every engine. The
project scores in it the rows that `touched` has found, beside what was decided of these leads."""

import hashlib
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import duckdb

from orchestration.lib.asked.scratch import FOR_TIERS, build, tier
from orchestration.lib.basics.progress import count_things, time_step
from orchestration.lib.basics.quoting import quote
from orchestration.lib.basics.rule_book_files import hash_rules
from orchestration.lib.basics.settings import Settings
from orchestration.lib.basics.warehouse import attach_warehouse, open_warehouse
from orchestration.lib.built.dbt_command import AFTER_TIERS
from orchestration.lib.built.kept_statements import (
    hash_project,
    keep_statements,
    run_kept_statements,
)
from orchestration.lib.published.changes import write_changes
from orchestration.lib.published.replaced import SCORED_MARTS

# What is found of the raw rows: whom they touch, when what touches them had loaded, and who stands
# beside them.
FOUND = ("touched_leads", "lead_loads", "context_leads")

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

# The tests that are left out: those of a single column or key, which a daily run makes of all rows,
# and those that only warn. What remains says of every row that it is there once and adds up. What
# the audit asks is of a whole population, of which those who are touched say nothing.
NOT_OF_ROWS = ("test_type:generic", "warn_*")
# Of the tests those whose tables are all there.
OF_WHAT_IS_THERE = ("--indirect-selection", "cautious")

# A tier of limited capacity has the places that others, as published last, have left of it.
LIMIT_PLACES = """
update rule_book.model_tiers
set capacity = greatest(0, capacity - others.leads)
from (
    select model_id, tier, count(*) as leads
    from {scored_leads}
    where not is_excluded and lead_id not in (from context_leads)
    group by all
) as others
where
    model_tiers.model_id = others.model_id
    and model_tiers.tier = others.tier
    and model_tiers.capacity is not null
"""

# Who is in a tier keeps the place, whoever else comes: who falls out for others waits for the
# night.
KEPT_PLACES = """
select model_id, lead_id, tier as kept_tier
from {scored_leads}
where tier is not null and lead_id in (from context_leads)
"""

# How old the answer is that goes out.
NOTE_TIMES = """
update hand_overs
set loaded_at = lead_loads.loaded_at, scored_at = $now
from lead_loads
where hand_overs.lead_id = lead_loads.lead_id and hand_overs.released_at is null;

insert into intraday_leads select lead_id, loaded_at, $now from lead_loads;
"""


def settle(settings: Settings, folder: Path) -> Settings:
    """The settings of a run on the small warehouse in `folder`."""
    return replace(
        settings,
        raw=folder / "raw",
        warehouse=folder / "leads.duckdb",
        target="duckdb",
        # Their rows are raw tables of the contract by then.
        sources=(),
    )


def read_rules(small: Settings, console: TextIO) -> Path:
    """A DuckDB file with the rule book as it was read: once, until it or the project changes. What
    was kept by another one goes."""
    template = find_kept(small) / small.warehouse.name
    if not template.exists():
        for old in small.warehouse.parent.glob("rules-*"):
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        selected = ("--select", "resource_type:seed", "path:models/rule_book")
        build(small, small.warehouse.parent, console, *selected)
        template.parent.mkdir()
        small.warehouse.rename(template)
    return template


def make_small_warehouse(small: Settings, *, warehouse: Path, console: TextIO) -> None:
    """Make the file anew: the rule book, and what `warehouse` knows of the leads that are scored.
    Beside it lie the files of FOUND."""
    template = read_rules(small, console)
    shutil.copyfile(template, small.warehouse)
    with attach_warehouse(warehouse) as connection:
        connection.execute(f"attach {quote(small.warehouse)} as small")
        for table in FOUND:
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
    """Score the leads of the small warehouse. Raises ValueError where a test finds fault with a
    row."""
    wanted = [*FOR_TIERS, *(f"+{mart}" for mart in SCORED_MARTS)]
    left_out = ("resource_type:seed", "path:models/rule_book", AFTER_TIERS, *NOT_OF_ROWS)
    # All that is there is new: then no SQL hangs on which days the events are of.
    build_small(small, console, "--full-refresh", "--select", *wanted, "--exclude", *left_out)


def decide(small: Settings, *, live: Path, published: Path, console: TextIO) -> None:
    """Tiers and hand-overs of the leads, what has changed of them since the day before, and what
    is told of them by their tiers; `live` is the folder of the live publication. Raises ValueError
    where a test finds fault with a row."""
    scored_leads = f"read_parquet({quote(live / 'scored_leads.parquet')})"
    with open_warehouse(small.warehouse) as connection:
        connection.execute(LIMIT_PLACES.format(scored_leads=scored_leads))
        kept = connection.execute(KEPT_PLACES.format(scored_leads=scored_leads)).df()
    tier(small, console, kept=kept)
    with open_warehouse(small.warehouse) as connection:
        now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
        for statement in connection.extract_statements(NOTE_TIMES):
            connection.execute(statement, {"now": now})
        write_changes(connection, published)
    wanted = [f"+{mart},{AFTER_TIERS}" for mart in SCORED_MARTS]
    build_small(small, console, "--select", *wanted, "--exclude", *NOT_OF_ROWS)


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
            folder = small.warehouse.parent
            build(small, folder, console, *OF_WHAT_IS_THERE, *selection, left_out=["unit_test"])
