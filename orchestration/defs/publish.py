"""What belongs here: the asset at the end of the road, the publication."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from orchestration.defs.days import BY_DAY, load_settings_and_demand_tables
from orchestration.defs.resources import WAREHOUSE_POOL
from orchestration.lib.erased.retention import drop_expired, read_kept_days
from orchestration.lib.published.evidence import measure_for_records
from orchestration.lib.published.facts import find_champions
from orchestration.lib.published.publication import (
    MARTS,
    find_reason_to_keep,
    publish,
    read_current,
)


def drop_runs(instance: dg.DagsterInstance, *, days: int) -> int:
    """Delete Dagster's records of runs that were made so many days ago; returns how many."""
    before = datetime.now(UTC) - timedelta(days=days)
    old = instance.get_run_ids(filters=dg.RunsFilter(created_before=before))
    for run_id in old:
        instance.delete_run(run_id)
    return len(old)


class PublicationConfig(dg.Config):
    """Whether an older day may take the place of a live publication that speaks for a later one."""

    replace_newer: bool = False


@dg.asset(
    deps=list(MARTS),
    group_name="publication",
    kinds={"duckdb", "parquet"},
    pool=WAREHOUSE_POOL,
    required_resource_keys={"warehouse_lock"},
    **BY_DAY,
)
def published_marts(
    context: dg.AssetExecutionContext, config: PublicationConfig
) -> dg.MaterializeResult:
    """The marts that passed their audits, as files for BI tools, replaced in one step. A run of
    older days than the live publication's, such as a backfill, leaves that one in place."""
    settings = load_settings_and_demand_tables(
        context.run, "lead_scores", "lead_tiers", "scored_leads"
    )
    live = read_current(settings.published)
    reason = find_reason_to_keep(live, as_of=settings.as_of_dates[-1])
    if reason and not config.replace_newer:
        context.log.info(reason)
        return dg.MaterializeResult(metadata={"not_published": reason})
    kept = read_kept_days(settings)
    dropped = drop_expired(settings, kept)
    if "logs" in kept:
        dropped["runs"] = drop_runs(context.instance, days=kept["logs"])
    if any(dropped.values()):
        context.log.info(f"Older than kept_days says, and dropped: {dropped}")
    manifest = publish(
        settings.warehouse,
        settings.published,
        run_id=context.run.run_id,
        rules=settings.rules,
        raw=settings.raw,
        keep_days=kept.get("publications"),
    )
    folder = settings.published / "versions" / manifest["publication_id"]
    numbers, promises = measure_for_records(folder, find_champions(manifest))
    return dg.MaterializeResult(
        metadata={
            "publication_id": manifest["publication_id"],
            "as_of_date": manifest["as_of_date"],
            "row_counts": manifest["row_counts"],
            "folder": dg.MetadataValue.path(folder),
            "page": dg.MetadataValue.path(folder / "index.html"),
            "promises": dg.MetadataValue.md(promises),
            **{name: dg.MetadataValue.float(value) for name, value in numbers.items()},
        }
    )
