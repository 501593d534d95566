"""What belongs here: the dbt project as assets. Its data tests are their checks."""

import json
import shutil
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, dbt_assets

from orchestration.defs.days import BY_DAY, load_settings_of_run
from orchestration.defs.resources import WAREHOUSE_POOL, fail_with_sentences
from orchestration.lib.built.dbt_command import (
    AFTER_TIERS,
    TARGET,
    NodeResult,
    load_files,
    prepare_manifest,
    run_dbt,
)
from orchestration.lib.built.erasures import keep_out_erased


class TableNames(DagsterDbtTranslator):
    """The asset key of a table is its name; raw tables keep their source in front."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """`lead_scores`; `crm/leads` for a raw table."""
        if dbt_resource_props["resource_type"] == "source":
            return super().get_asset_key(dbt_resource_props)
        return dg.AssetKey(dbt_resource_props["name"])


def build(context: dg.AssetExecutionContext, *, selection: list[str]) -> Iterator[Any]:
    """Have dbt build `selection`, or what of it was chosen on the page, as of the days of the run;
    gives what it made and what its tests found."""
    target_path = TARGET / context.run.run_id / context.op_def.name
    # Unit tests judge the code, not the data: `make test` runs them.
    command = ["build", "--exclude-resource-type", "unit_test"]
    checks = {key.name: key for key in context.selected_asset_check_keys}
    if context.is_subset:
        tables = [key.path[-1] for key in context.selected_asset_keys]
        selection = ["--indirect-selection", "empty", "--select", *tables, *checks]
    with fail_with_sentences():
        for result in run_dbt(
            [*command, *selection],
            settings=load_settings_of_run(context.run),
            target_path=target_path,
        ):
            yield from describe_to_dagster(result, checks)
    shutil.rmtree(target_path.parent)


def describe_to_dagster(
    result: NodeResult, checks: Mapping[str, dg.AssetCheckKey]
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """A table that was made as a materialization; a test that is one of `checks` as its result."""
    seconds = {"seconds": round(result.seconds, 3)}
    if result.kind in ("model", "seed", "snapshot") and result.status == "success":
        yield dg.MaterializeResult(asset_key=result.name, metadata=seconds)
    if result.name in checks and result.status in ("pass", "fail", "warn"):
        key = checks[result.name]
        yield dg.AssetCheckResult(
            passed=result.status == "pass",
            description=result.message or None,
            asset_key=key.asset_key,
            check_name=key.name,
            severity=dg.AssetCheckSeverity.WARN
            if result.status == "warn"
            else dg.AssetCheckSeverity.ERROR,
            metadata={**seconds, "failing_rows": result.failures},
        )


MANIFEST = json.loads(prepare_manifest().read_bytes())

SHARED = {
    "manifest": MANIFEST,
    "dagster_dbt_translator": TableNames(),
    "pool": WAREHOUSE_POOL,
    "required_resource_keys": {"warehouse_lock"},
    **BY_DAY,
}


@dbt_assets(name="dbt_build", exclude=AFTER_TIERS, **SHARED)
def scored_tables(context: dg.AssetExecutionContext) -> Iterator[Any]:
    """All that dbt builds from the raw tables to the scores. Where the engine reads no files they
    are loaded first."""
    settings = load_settings_of_run(context.run)
    with fail_with_sentences():
        keep_out_erased(settings)
        load_files(settings)
    yield from build(context, selection=["--exclude", AFTER_TIERS])


@dbt_assets(name="dbt_build_after_tiers", select=AFTER_TIERS, **SHARED)
def tiered_tables(context: dg.AssetExecutionContext) -> Iterator[Any]:
    """What dbt builds on the tiers."""
    yield from build(context, selection=["--select", AFTER_TIERS])
