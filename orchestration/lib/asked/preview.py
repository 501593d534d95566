"""What belongs here: whom a changed rule book would move, asked before it is published.

It scores the raw data of the live
publication once more, for the same day, in a copy of the warehouse under build/preview, and tells
what differs. The real warehouse and the publication stay as they are.
"""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, TextIO

from orchestration.lib.asked.moves import (
    compare_models,
    compare_scores,
    count_moves,
    describe_moves,
    find_rule_changes,
    list_tiers_by_model,
    write_moves,
)
from orchestration.lib.asked.scratch import FOR_TIERS, build, open_scratch, tier
from orchestration.lib.basics.outcomes import Answer, WrongUse
from orchestration.lib.basics.progress import time_step
from orchestration.lib.basics.rows import fetch_rows
from orchestration.lib.basics.rule_book_files import hash_rules
from orchestration.lib.basics.settings import PROJECT_ROOT, Settings
from orchestration.lib.basics.warehouse import attach_warehouse
from orchestration.lib.published.publication import Manifest, read_current

FOLDER = PROJECT_ROOT / "build" / "preview"


def demand_publication(settings: Settings) -> Manifest:
    """The manifest of the live publication. Raises ValueError where there is none, or it was made
    from other raw data than the settings name."""
    manifest = read_current(settings.published)
    if manifest is None:
        raise WrongUse(
            f"Nothing is published in {settings.published} yet, so there is nothing to compare "
            "with: `leads run` scores and publishes."
        )
    raw = str(settings.raw) if settings.raw else None
    if manifest["raw"] != raw:
        asked, published = (
            path or "the generated sample or the warehouse's own raw tables"
            for path in (raw, manifest["raw"])
        )
        raise WrongUse(
            f"The live publication was made from {published}, not from {asked}: whom a rule moves "
            "shows on the same raw data only. Set LEADS_RAW as it was then, or `leads run` first."
        )
    return manifest


def preview(settings: Settings, manifest: Manifest, *, folder: Path, console: TextIO) -> Answer:
    """Score by the rule book of `settings` into `folder`/leads.duckdb, for the day of the
    publication `manifest`, and tell whom that moves; all of them stand in `folder`/moves.csv.
    Raises ValueError where the rule book or the raw data cannot work."""
    as_of = date.fromisoformat(manifest["as_of_date"])
    published = settings.published / "versions" / manifest["publication_id"] / "leads.duckdb"
    moves = folder / "moves.csv"
    with open_scratch(replace(settings, as_of_dates=(as_of,)), folder) as scratch:
        moves.unlink(missing_ok=True)
        build(scratch, folder, console, "--select", *FOR_TIERS)
        tier(scratch, console)
        with (
            time_step(console, "compare", "with the publication"),
            compare_scores(
                published,
                scratch.warehouse,
                as_of=as_of,
                tiers_before=list_tiers_by_model(manifest),
            ) as connection,
        ):
            lines = describe_moves(connection, as_of=as_of)
            document = {
                "publication_id": manifest["publication_id"],
                "as_of_date": as_of,
                "rules": settings.rules,
                "models": compare_models(connection),
                "moves": count_moves(connection),
                "rule_changes": find_rule_changes(connection, as_of=as_of),
                "moves_file": moves,
            }
            write_moves(connection, moves)
    if manifest["rule_book"]["sha256"] == hash_rules(settings.rules):
        lines += [
            "",
            "The rules are those that are published: what moves comes from reference lists, raw "
            "data or changed code.",
        ]
    end = ["", f"Every lead that moves: {moves}", "Nothing was published: `leads run` does."]
    return Answer([*lines, *end], document)


def find_listed_companies(warehouse: Path) -> list[dict[str, Any]]:
    """The domains in `warehouse` that a list calls free or disposable and that leads who write from
    there name as their company's own web address, most leads first: email_domain, email_kind,
    leads."""
    with attach_warehouse(warehouse) as connection:
        return fetch_rows(
            connection,
            """
            select email_domain, email_kind, count(distinct lead_id) as leads
            from warehouse.intermediate.int_lead_profiles
            where email_kind in ('free', 'disposable') and email_domain = company_web_domain
            group by email_domain, email_kind
            order by leads desc, email_domain
            """,
        )
