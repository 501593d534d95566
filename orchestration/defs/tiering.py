"""What belongs here: what dbt leaves to Python between lead_scores and scored_leads."""

from collections.abc import Iterator
from functools import partial

import dagster as dg
import duckdb

from orchestration.defs.days import BY_DAY, load_settings_and_demand_tables
from orchestration.defs.resources import WAREHOUSE_POOL
from orchestration.lib.basics.progress import say
from orchestration.lib.basics.settings import Settings
from orchestration.lib.basics.warehouse import open_warehouse
from orchestration.lib.checked.feed_health import approve_feeds
from orchestration.lib.checked.score_health import approve_scores
from orchestration.lib.decided.tiers import write_tiers
from orchestration.lib.published.changes import write_changes
from orchestration.lib.published.promises import keep_promises
from orchestration.lib.published.restoration import (
    describe_restoration,
    find_source,
    has_past,
    restore,
)


def make_spec(name: str, description: str) -> dg.AssetSpec:
    """What a table that the tiering writes looks like on the page."""
    return dg.AssetSpec(
        name,
        deps=[
            "feed_health",
            "lead_scores",
            "lead_score_ledger",
            "model_tiers",
            "grades",
            "int_lead_cool_downs",
            "int_lead_suppressions",
            "unmet_demands",
            "health_limits",
            "gate_limits",
        ],
        description=description,
        group_name="marts",
        kinds={"python", "duckdb"},
        partitions_def=BY_DAY["partitions_def"],
    )


def restore_into_new(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Bring the past back where the warehouse has none and something is published, and say so."""
    source = None if has_past(connection) else find_source(settings.published)
    if source:
        for line in describe_restoration(restore(connection, settings, source=source)):
            say(f"  {line}")


@dg.asset(
    deps=["int_feed_measures", "health_limits"],
    group_name="marts",
    kinds={"python", "duckdb"},
    pool=WAREHOUSE_POOL,
    required_resource_keys={"warehouse_lock"},
    **BY_DAY,
)
def feed_health(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """What each raw table looks like, beside what is usual for it. Where one of them is far from
    that, nobody's tier changes and nothing is published."""
    settings = load_settings_and_demand_tables(context.run)
    with open_warehouse(settings.warehouse) as connection:
        judged = approve_feeds(
            connection, warehouse=settings.warehouse, published=settings.published
        )
    return dg.MaterializeResult(metadata={"dagster/row_count": len(judged)})


@dg.multi_asset(
    name="lead_tiers",
    specs=[
        make_spec(
            "lead_tiers", "One row per as-of date, model and lead: the tier, grade and action."
        ),
        make_spec("lead_score_history", "Every lead's whole score and tier on any scored day."),
        make_spec("scored_days", "One row per model and day that was scored."),
        make_spec("tier_cut_offs", "With which score a lead could enter each tier."),
        make_spec("hand_overs", "One row per lead, model and time it was handed over to sales."),
        make_spec("hand_over_rules", "The rules behind each hand-over."),
        make_spec("lead_score_changes", "What changed since the day before, by lead and rule."),
        make_spec(
            "published_promises", "What tiers promised in the last publication of each month."
        ),
        make_spec("score_health", "How the scores differ from the last publication's."),
    ],
    pool=WAREHOUSE_POOL,
    required_resource_keys={"warehouse_lock"},
    backfill_policy=BY_DAY["backfill_policy"],
)
def lead_tiers(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """The tiers of the days of the run, and with each day its part of the history."""
    settings = load_settings_and_demand_tables(context.run, "lead_scores")
    with open_warehouse(settings.warehouse) as connection:
        restore_into_new(connection, settings)
        written = write_tiers(
            connection,
            approve=partial(
                approve_scores,
                warehouse=settings.warehouse,
                published=settings.published,
                rules=settings.rules,
            ),
        )
        write_changes(connection, settings.published)
        keep_promises(connection, settings.published)
    yield dg.MaterializeResult("lead_tiers", metadata={"dagster/row_count": sum(written.values())})
    for table in (
        "lead_score_history",
        "scored_days",
        "tier_cut_offs",
        "hand_overs",
        "hand_over_rules",
        "lead_score_changes",
        "published_promises",
        "score_health",
    ):
        yield dg.MaterializeResult(table)
