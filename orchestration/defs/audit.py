"""What belongs here: the audits, as checks that keep a sick population from being published."""

import dagster as dg

from orchestration.defs.days import load_settings_and_demand_tables
from orchestration.defs.resources import WAREHOUSE_POOL
from orchestration.lib.checked.audit import BATCHES


def make_audit(mart: str) -> dg.AssetChecksDefinition:
    """The check of one mart; nothing downstream of it runs where it fails."""

    @dg.asset_check(
        asset=mart,
        name=f"audit_{mart}",
        description=f"What a healthy population looks like: expectations/{mart}.json.",
        blocking=True,
        pool=WAREHOUSE_POOL,
        required_resource_keys={"auditor", "warehouse_lock"},
    )
    def audit(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        settings = load_settings_and_demand_tables(context.run, mart)
        result = context.resources.auditor.audit(mart, settings.warehouse)
        return dg.AssetCheckResult(
            passed=result.has_passed,
            description="\n".join(result.failures) or None,
            metadata={
                "expectations": result.checked,
                "report": dg.MetadataValue.path(result.report),
            },
        )

    return audit


@dg.definitions
def audits() -> dg.Definitions:
    """One check per mart that has a suite."""
    return dg.Definitions(asset_checks=[make_audit(mart) for mart in BATCHES])
