"""What belongs here: the asset that dbt leaves to Python between lead_scores and scored_leads."""

import dagster as dg

from orchestration.defs.resources import WAREHOUSE_POOL, load_settings_of_run
from orchestration.lib.tiers import write_tiers
from orchestration.lib.warehouse import open_warehouse


@dg.asset(
    deps=["lead_scores", "models", "tiers", "grades"],
    group_name="marts",
    kinds={"python", "duckdb"},
    pool=WAREHOUSE_POOL,
    required_resource_keys={"warehouse_lock"},
)
def lead_tiers(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """One row per as-of date, model and lead: the tier, grade and what to do."""
    with open_warehouse(load_settings_of_run(context).warehouse) as connection:
        written = write_tiers(connection)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": sum(written.values()),
            "as_of_dates": [day.isoformat() for day in written],
        }
    )
