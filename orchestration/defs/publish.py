"""What belongs here: the asset at the end of the road, the publication."""

import dagster as dg

from orchestration.defs.resources import WAREHOUSE_POOL, load_settings_of_run
from orchestration.lib.publication import MARTS, publish


@dg.asset(
    deps=list(MARTS),
    group_name="publication",
    kinds={"duckdb", "parquet"},
    pool=WAREHOUSE_POOL,
    required_resource_keys={"warehouse_lock"},
)
def published_marts(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """The marts that passed their audits, as files for BI tools, replaced in one step."""
    settings = load_settings_of_run(context)
    manifest = publish(
        settings.warehouse,
        settings.published,
        run_id=context.run.run_id,
        rules=settings.rules,
        raw=settings.raw,
    )
    folder = settings.published / "versions" / manifest["publication_id"]
    return dg.MaterializeResult(
        metadata={
            "publication_id": manifest["publication_id"],
            "as_of_date": manifest["as_of_date"],
            "row_counts": manifest["row_counts"],
            "folder": dg.MetadataValue.path(folder),
            "page": dg.MetadataValue.path(folder / "index.html"),
        }
    )
