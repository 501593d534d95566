"""What belongs here: the page of a publication, an HTML file without a single outside request, and
the folder beside it from which it loads what is asked for."""

import functools
from pathlib import Path

import duckdb
import jinja2

from orchestration.lib.basics.rows import Row
from orchestration.lib.published.evidence import find_evidence, find_profile
from orchestration.lib.published.facts import (
    PAGE_RULES,
    count_quarantined,
    count_tiers,
    describe_progress,
    describe_unknown_stages,
    find_best_leads,
    find_champions,
    find_feedback,
    find_findings,
    find_forecast,
    find_funnel,
    find_health,
    find_ledger,
    find_newest_trend,
    find_unknown_stages,
)
from orchestration.lib.published.page_data import DATA, EarlierPage, write_page_data
from orchestration.lib.published.stories import LEADS_IN_A_FILE

PAGE_LEADS = 100


def write_page(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    manifest: Row,
    earlier: EarlierPage | None = None,
) -> list[str]:
    """Write index.html and its data into the `folder` of the publication that `connection` is open
    on, taking over what stays of an `earlier` page; returns the names of the files."""
    (folder / "index.html").write_text(render_page(connection, manifest))
    data = write_page_data(connection, folder, earlier)
    return ["index.html", *(f"{DATA}/{name}" for name in data)]


def render_page(connection: duckdb.DuckDBPyConnection, manifest: Row) -> str:
    """The page of the publication that `connection` is open on, as HTML."""
    champions = find_champions(manifest)
    return _load_template().render(
        manifest=manifest,
        progress=describe_progress(manifest),
        leads_in_a_file=LEADS_IN_A_FILE,
        tiers=count_tiers(connection, manifest),
        leads={
            model_id: find_best_leads(connection, model_id=model_id, limit=PAGE_LEADS)
            for model_id in champions
        },
        ledgers={
            model_id: find_ledger(connection, model_id=model_id, limit=PAGE_LEADS)
            for model_id in champions
        },
        health=find_health(connection),
        trends={
            model_id: find_newest_trend(connection, model_id=model_id) for model_id in champions
        },
        funnels={model_id: find_funnel(connection, model_id=model_id) for model_id in champions},
        feedback={model_id: find_feedback(connection, model_id=model_id) for model_id in champions},
        findings={
            model_id: find_findings(connection, model_ids=[model_id], limit=PAGE_RULES)
            for model_id in champions
        },
        evidence={model_id: find_evidence(connection, model_id=model_id) for model_id in champions},
        profiles={model_id: find_profile(connection, model_id=model_id) for model_id in champions},
        forecast=find_forecast(connection),
        unknown_stages=describe_unknown_stages(find_unknown_stages(connection)),
        quarantine=count_quarantined(connection),
    )


@functools.cache
def _load_template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("orchestration.lib.published", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("page.html")
