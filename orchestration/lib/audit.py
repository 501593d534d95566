"""What belongs here: judging whether the scored population looks healthy, before it is published.

What is healthy stands in expectations/<mart>.json, as Great Expectations suites. Each expectation's
`meta` has a sentence (`says`), and `compares_with` where it needs the last publication to compare
with: `last_publication`, or `same_rule_book` where that must have been made by the same rules.
"""

import json
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lib.publication import Manifest, hash_rules, read_current
from orchestration.lib.settings import PROJECT_ROOT
from orchestration.lib.warehouse import attach_warehouse

SUITES = PROJECT_ROOT / "expectations"

NEWEST = "as_of_date = (select max(as_of_date) from lead_scores)"

# The rows that are judged: those of the newest day. Decimals as floats, which GX can write down.
BATCHES = {
    "lead_scores": "select * replace (cast(score as double) as score) from lead_scores"
    f" where {NEWEST}",
    "lead_score_ledger": "select * replace (cast(points as double) as points)"
    f" from lead_score_ledger where {NEWEST}",
    "lead_tiers": f"select * from lead_tiers where {NEWEST}",
    "scored_leads": "select * replace (cast(score as double) as score) from scored_leads",
}

# Its audit also looks at what the scores were made of, before any tier is.
FIRST_AUDITED = "lead_scores"

# Its audit comes after all others.
LAST_AUDITED = "scored_leads"


@dataclass(frozen=True)
class AuditResult:
    """What the audit of one mart found: `failures` and `skipped` are sentences."""

    mart: str
    checked: int
    failures: list[str]
    skipped: list[str]
    report: Path

    @property
    def has_passed(self) -> bool:
        """True where no expectation failed."""
        return not self.failures


def audit_mart(
    mart: str,
    warehouse: Path,
    *,
    published: Path,
    rules: Path,
    raw: Path | None = None,
    suites: Path = SUITES,
    reports: Path = SUITES / "uncommitted",
) -> AuditResult:
    """Judge the newest rows of `mart` by the suite `suites`/<mart>.json.

    `published`, `rules` and `raw` say what the last publication was and whether this run may be
    compared with it. The last audit of a run, and one that fails, writes the Data Docs of all of
    them under `reports`/data_docs.
    """
    suite = json.loads((suites / f"{mart}.json").read_text())
    last = read_current(published)
    hindrances = find_hindrances(
        last,
        as_of=read_newest_day(warehouse),
        raw=raw,
        rules_sha256=hash_rules(rules),
        **suite["meta"]["comparable"],
    )
    asked, skipped = [], []
    for expectation in suite["expectations"]:
        hindrance = hindrances.get(expectation["meta"].get("compares_with"))
        if hindrance:
            skipped.append(f"{mart}: {expectation['meta']['says']} Not compared: {hindrance}")
        else:
            asked.append(expectation)
    results = run_suite(
        {**suite, "expectations": asked},
        warehouse,
        parameters={
            "last_rows": count_last_rows(mart, published) if last else None,
            "last_leads": count_last_leads(last) if last else None,
            "last_mean_score": last["mean_score"] if last else None,
        },
        reports=reports,
    )
    place = f"{suites.name}/{mart}.json"
    failures = [describe_failure(mart, result, place) for result in results if not result.success]
    if mart == FIRST_AUDITED and last and "last_publication" not in hindrances:
        failures += find_empty_feeds(last, warehouse)
    return AuditResult(
        mart=mart,
        checked=len(asked),
        failures=failures,
        skipped=skipped,
        report=reports / "data_docs" / "index.html",
    )


def find_hindrances(
    last: Manifest | None,
    *,
    as_of: date | None,
    raw: Path | None,
    rules_sha256: str,
    within_days: int,
) -> dict[str, str]:
    """Why this run cannot be compared with the `last` publication, for each kind of comparison that
    is not possible.

    >>> sorted(find_hindrances(None, as_of=None, raw=None, rules_sha256="", within_days=31))
    ['last_publication', 'same_rule_book']
    """
    reason = None
    if last is None:
        reason = "there is no publication to compare with."
    elif last["raw"] != (str(raw) if raw else None):
        reason = "the last publication came from other raw data."
    elif as_of is None or abs((as_of - date.fromisoformat(last["as_of_date"])).days) > within_days:
        reason = f"the last publication speaks for {last['as_of_date']}, too far from this day."
    if reason:
        return {"last_publication": reason, "same_rule_book": reason}
    if last["rule_book"]["sha256"] != rules_sha256:
        return {"same_rule_book": "the rule book has changed since the last publication."}
    return {}


def find_empty_feeds(last: Manifest, warehouse: Path) -> list[str]:
    """A sentence for each raw table that has no row now and had some at the `last` publication.
    Until 2026-11 a manifest did not say how many."""
    with attach_warehouse(warehouse) as connection:
        now = dict(
            connection.execute(
                "select table_name, rows_read from warehouse.intermediate.raw_row_counts"
            ).fetchall()
        )
    return [
        f"The raw table {table} is empty, and had {rows:,} rows at the last publication: leads"
        " would turn cold because a feed broke. Load it again; or, where it is meant to be gone,"
        " publish into a new folder (LEADS_PUBLISHED)."
        for table, rows in last.get("raw_row_counts", {}).items()
        if rows and not now.get(table)
    ]


def count_last_rows(mart: str, published: Path) -> int:
    """How many rows of `mart` the live publication has for its newest day."""
    with duckdb.connect(str(published / "current" / "leads.duckdb"), read_only=True) as connection:
        return connection.execute(f"select count(*) from ({BATCHES[mart]})").fetchone()[0]


def count_last_leads(last: Manifest) -> int:
    """How many leads the `last` publication scored. Until 2026-11 a manifest did not say so, and
    there was one model."""
    return last.get("leads", last["row_counts"]["scored_leads"])


def read_newest_day(warehouse: Path) -> date | None:
    """The newest as-of date that is scored; None where nothing is."""
    with attach_warehouse(warehouse) as connection:
        return connection.execute(
            "select max(as_of_date) from warehouse.main.lead_scores"
        ).fetchone()[0]


def run_suite(
    suite: dict[str, Any], warehouse: Path, *, parameters: dict[str, Any], reports: Path
) -> list[Any]:
    """The Great Expectations results of one suite, the expectations in their order; keeps them for
    the Data Docs under `reports`."""
    # Six seconds and 260 MB: only where an audit is made.
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )
    from sqlalchemy.dialects import registry
    from sqlalchemy.pool import StaticPool

    registry.register("reading_duckdb", "orchestration.lib.gx_dialect", "ReadingDialect")
    mart = suite["name"]
    # The page shows the last audit of each mart, not their history.
    shutil.rmtree(reports / "validations" / mart, ignore_errors=True)
    stores = InMemoryStoreBackendDefaults().stores
    for store, folder in [
        ("expectations_store", "suites"),
        ("validation_results_store", "validations"),
    ]:
        stores[store]["store_backend"] = {
            "class_name": "TupleFilesystemStoreBackend",
            "base_directory": str(reports / folder),
        }
    context = gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(),
            stores=stores,
            data_docs_sites={
                "data_docs": {
                    "class_name": "SiteBuilder",
                    "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
                    "store_backend": {
                        "class_name": "TupleFilesystemStoreBackend",
                        "base_directory": str(reports / "data_docs"),
                    },
                }
            },
            analytics_enabled=False,
            progress_bars=ProgressBarsConfig(globally=False),
        ),
    )
    source = context.data_sources.add_sql(
        "warehouse",
        connection_string=f"reading_duckdb:///{warehouse}",
        create_temp_table=False,
        kwargs={"connect_args": {"read_only": True}, "poolclass": StaticPool},
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
        outcome = definition.run(
            expectation_parameters={
                name: value for name, value in parameters.items() if value is not None
            },
            result_format="COMPLETE",
        )
    finally:
        # Both keep a connection, and with it the lock that the next step's writer needs gone.
        source.get_execution_engine().engine.dispose()
        source.get_engine().dispose()
    # Half a second: once in a run, with all that it has audited, and where something is wrong.
    if mart == LAST_AUDITED or not outcome.success:
        context.build_data_docs()
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
