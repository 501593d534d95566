"""What belongs here: the dbt project as assets. Its data tests are their checks."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtProject, dbt_assets

from orchestration.defs.resources import (
    WAREHOUSE_POOL,
    find_errors,
    load_settings_of_run,
    make_dbt,
    set_environment,
)
from orchestration.lib.settings import PROJECT_ROOT, load_settings


class TableNames(DagsterDbtTranslator):
    """The asset key of a table is its name; raw tables keep their source in front."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """`lead_scores`; `crm/leads` for a raw table."""
        if dbt_resource_props["resource_type"] == "source":
            return super().get_asset_key(dbt_resource_props)
        return dg.AssetKey(dbt_resource_props["name"])


def find_newest_change(project: Path) -> float:
    """When a file that the manifest is made from was last changed, in seconds since 1970."""
    files = [project / "dbt_project.yml", project / "profiles.yml"]
    for folder in ("models", "macros", "seeds", "snapshots", "tests/data"):
        files += [path for path in (project / folder).rglob("*") if path.is_file()]
    return max(path.stat().st_mtime for path in files if path.exists())


def prepare_manifest(project: DbtProject) -> DbtProject:
    """Have dbt parse the project where its manifest is missing or older than the project's files.

    Every process that loads these definitions comes by here: parsing takes seven seconds.
    """
    manifest = project.manifest_path
    if manifest.exists() and manifest.stat().st_mtime > find_newest_change(project.project_dir):
        return project
    with set_environment(load_settings()):
        invocation = make_dbt().cli(
            ["parse", "--quiet"], target_path=project.target_path, raise_on_error=False
        )
    if not invocation.is_successful():
        raise ValueError("\n".join(find_errors(invocation)))
    # dbt leaves a manifest alone in which nothing has changed.
    manifest.touch()
    return project


dbt_project = prepare_manifest(
    DbtProject(project_dir=PROJECT_ROOT, profiles_dir=PROJECT_ROOT, target_path=Path("target"))
)


def run_dbt_build(context: dg.AssetExecutionContext) -> Iterator[Any]:
    """Build what the assets in `context` name, as of the day of the run."""
    settings = load_settings_of_run(context)
    with set_environment(settings):
        # Unit tests judge the code, not the data: `make test` runs them.
        invocation = context.resources.dbt.cli(
            ["build", "--target", settings.target, "--exclude-resource-type", "unit_test"],
            context=context,
            raise_on_error=False,
        )
    yield from invocation.stream()
    if not invocation.is_successful():
        raise dg.Failure("\n".join(find_errors(invocation)), allow_retries=False)
    shutil.rmtree(invocation.target_path)


# Two by name, split where Python writes lead_tiers. dagster-dbt would also split one by itself,
# but then it names every model on the command line, and from 250 on copies the whole project.
AFTER_TIERS = "source:tiering.lead_tiers+"

SHARED = {
    "manifest": dbt_project.manifest_path,
    "project": dbt_project,
    "dagster_dbt_translator": TableNames(),
    "pool": WAREHOUSE_POOL,
    "required_resource_keys": {"dbt", "warehouse_lock"},
}


@dbt_assets(name="dbt_build", exclude=AFTER_TIERS, **SHARED)
def scored_tables(context: dg.AssetExecutionContext) -> Iterator[Any]:
    """All that dbt builds from the raw tables to the scores."""
    yield from run_dbt_build(context)


@dbt_assets(name="dbt_build_after_tiers", select=AFTER_TIERS, **SHARED)
def tiered_tables(context: dg.AssetExecutionContext) -> Iterator[Any]:
    """What dbt builds on the tiers."""
    yield from run_dbt_build(context)
