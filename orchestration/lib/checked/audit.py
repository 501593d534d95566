"""What belongs here: judging whether the scored population looks healthy, before it is published.

What is healthy by itself stands in expectations/<mart>.json, as Great Expectations suites; each
expectation's `meta` has a sentence (`says`). What differs from the last publication is judged in
feed_health.py and score_health.py.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.lib.basics.settings import PROJECT_ROOT
from orchestration.lib.basics.warehouse import attach_warehouse

SUITES = PROJECT_ROOT / "expectations"

NEWEST = "as_of_date = (select max(as_of_date) from intermediate.int_as_of_dates)"

# The rows that are judged, those of the newest day, with the columns that the suites name: text is
# made for whoever asks for it. Decimals as floats, which GX can write down.
BATCHES = {
    "lead_scores": "select as_of_date, model_id, lead_id, cast(score as double) as score,"
    f" is_excluded, last_activity_on from lead_scores where {NEWEST}",
    "lead_score_ledger": "select model_id, lead_id, rule_id, cast(points as double) as points"
    f" from lead_score_ledger where {NEWEST}",
    "lead_tiers": f"select * from lead_tiers where {NEWEST}",
    "scored_leads": "select model_id, lead_id, cast(score as double) as score, tier_since, action,"
    " top_reasons from scored_leads",
}

# Its audit comes after all others.
LAST_AUDITED = "scored_leads"

# The page that shows what was found.
PAGE = "data_docs"


@dataclass(frozen=True)
class AuditResult:
    """What the audit of one mart found: `failures` are sentences."""

    mart: str
    checked: int
    failures: list[str]
    report: Path

    @property
    def has_passed(self) -> bool:
        """True where no expectation failed."""
        return not self.failures

    @property
    def asks_for_page(self) -> bool:
        """Whether the page is written anew: once in a run, and where something is wrong."""
        return self.mart == LAST_AUDITED or not self.has_passed


def audit_mart(
    mart: str,
    warehouse: Path,
    *,
    suites: Path = SUITES,
    reports: Path = SUITES / "uncommitted",
    writes_page: bool = True,
) -> AuditResult:
    """Judge the newest rows of `mart` by the suite `suites`/<mart>.json.

    The last audit of a run, and one that fails, writes the Data Docs of all of them under
    `reports`/data_docs, unless `writes_page` leaves that to the caller.
    """
    # Whoever else has it open is waited for.
    with attach_warehouse(warehouse) as connection:
        memory = connection.execute("select current_setting('memory_limit')").fetchone()[0]
    suite = json.loads((suites / f"{mart}.json").read_text())
    results = run_suite(suite, warehouse, reports=reports, memory=memory)
    place = f"{suites.name}/{mart}.json"
    audited = AuditResult(
        mart=mart,
        checked=len(results),
        failures=[
            describe_failure(mart, result, place) for result in results if not result.success
        ],
        report=reports / PAGE / "index.html",
    )
    if writes_page and audited.asks_for_page:
        write_page(reports)
    return audited


def write_page(reports: Path) -> None:
    """Write the Data Docs of the last audit of each mart under `reports`/data_docs."""
    make_context(reports).build_data_docs()


def make_context(reports: Path) -> Any:
    """Great Expectations, with what it keeps for the Data Docs under `reports`."""
    # Six seconds and 260 MB: only where an audit is made.
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    stores = InMemoryStoreBackendDefaults().stores
    for store, folder in [
        ("expectations_store", "suites"),
        ("validation_results_store", "validations"),
    ]:
        stores[store]["store_backend"] = {
            "class_name": "TupleFilesystemStoreBackend",
            "base_directory": str(reports / folder),
        }
    return gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(),
            stores=stores,
            data_docs_sites={
                PAGE: {
                    "class_name": "SiteBuilder",
                    "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
                    "store_backend": {
                        "class_name": "TupleFilesystemStoreBackend",
                        "base_directory": str(reports / PAGE),
                    },
                }
            },
            analytics_enabled=False,
            progress_bars=ProgressBarsConfig(globally=False),
        ),
    )


def run_suite(suite: dict[str, Any], warehouse: Path, *, reports: Path, memory: str) -> list[Any]:
    """The Great Expectations results of one suite, the expectations in their order, found with no
    more than that much `memory`; keeps them for the Data Docs under `reports`."""
    import great_expectations as gx
    from sqlalchemy.dialects import registry
    from sqlalchemy.pool import StaticPool

    registry.register("reading_duckdb", "orchestration.lib.checked.gx_dialect", "ReadingDialect")
    mart = suite["name"]
    # The page shows the last audit of each mart, not their history.
    shutil.rmtree(reports / "validations" / mart, ignore_errors=True)
    context = make_context(reports)
    source = context.data_sources.add_sql(
        "warehouse",
        connection_string=f"reading_duckdb:///{warehouse}",
        create_temp_table=True,
        kwargs={
            "connect_args": {"read_only": True, "config": {"memory_limit": memory}},
            "poolclass": StaticPool,
        },
    )
    batch = source.add_query_asset(mart, query=BATCHES[mart]).add_batch_definition_whole_table(
        "newest"
    )
    definition = gx.ValidationDefinition(
        name=mart,
        data=batch,
        suite=context.suites.add_or_update(gx.ExpectationSuite(**suite)),
    )
    context.validation_definitions.add(definition)
    try:
        outcome = definition.run(result_format="COMPLETE")
    finally:
        # Both keep a connection, and with it the lock that the next step's writer needs gone.
        source.get_execution_engine().engine.dispose()
        source.get_engine().dispose()
    order = [expectation["meta"]["says"] for expectation in suite["expectations"]]
    return sorted(
        outcome.results, key=lambda result: order.index(result.expectation_config.meta["says"])
    )


def describe_failure(mart: str, result: Any, place: str) -> str:
    """One sentence on a failed expectation: what was expected, what was found, where it stands."""
    config = result.expectation_config
    details = result.result.get("details") or {}
    limits = " and ".join(
        f"{word} {format_value(config.kwargs[side])}"
        for word, side in [("at least", "min_value"), ("at most", "max_value")]
        if config.kwargs.get(side) is not None
    )
    if details.get("unexpected_rows"):
        found = "; ".join(
            ", ".join(f"{name} {format_value(value)}" for name, value in row.items())
            for row in details["unexpected_rows"][:5]
        )
    elif "observed_value" in result.result:
        found = format_value(result.result["observed_value"])
    else:
        found = f"it could not be judged ({find_exception(result.exception_info)})"
    expected = f" Expected {limits}." if limits else ""
    return f"{mart}: {config.meta['says']}{expected} Found {found}. The limit stands in {place}."


def format_value(value: Any) -> str:
    """A found value as it stands in a sentence.

    >>> format_value(0.98765), format_value(45211), format_value(None)
    ('0.988', '45,211', 'none')
    """
    if value is None:
        return "none"
    if isinstance(value, float):
        return f"{value:,.3f}".rstrip("0").rstrip(".")
    if isinstance(value, int):
        return f"{value:,}"
    return str(value)


def find_exception(info: dict[str, Any]) -> str:
    """The first line of the message in an exception_info, which GX nests by metric or not."""
    for part in [info, *(value for value in info.values() if isinstance(value, dict))]:
        if part.get("exception_message"):
            return str(part["exception_message"]).splitlines()[0]
    return "no message"
