"""What belongs here: whom a changed rule book would move, asked before it is published.

It scores the raw data of the live
publication once more, for the same day, in a copy of the warehouse under build/preview, and tells
what differs. The real warehouse and the publication stay as they are.
"""

import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TextIO

from orchestration.lib.asked.moves import (
    compare_scores,
    describe_moves,
    list_tiers_by_model,
    write_moves,
)
from orchestration.lib.asked.scratch import build, open_scratch, tier
from orchestration.lib.basics.progress import divert_output, leave, print_problems, time_step
from orchestration.lib.basics.rule_book_files import hash_rules
from orchestration.lib.basics.settings import PROJECT_ROOT, Settings, check_settings, load_settings
from orchestration.lib.published.publication import Manifest, read_current

FOLDER = PROJECT_ROOT / "build" / "preview"


def main() -> int:
    """Preview the rule book of the settings and print whom it moves; 1 where it cannot work."""
    try:
        settings = load_settings()
        check_settings(settings)
        manifest = demand_publication(settings)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    print(
        f"Comparing the rule book {settings.rules} with publication {manifest['publication_id']} "
        f"as of {manifest['as_of_date']}",
        flush=True,
    )
    FOLDER.mkdir(parents=True, exist_ok=True)
    log_file = FOLDER / "preview.log"
    try:
        with divert_output(log_file) as console:
            lines = preview(settings, manifest, folder=FOLDER, console=console)
    except ValueError as error:
        print_problems(
            "Nothing could be compared. What is wrong:",
            [str(error)],
            log_file=str(log_file.relative_to(PROJECT_ROOT)),
        )
        return 1
    print("\n" + "\n".join(lines))
    return 0


def demand_publication(settings: Settings) -> Manifest:
    """The manifest of the live publication. Raises ValueError where there is none, or it was made
    from other raw data than the settings name."""
    manifest = read_current(settings.published)
    if manifest is None:
        raise ValueError(
            f"Nothing is published in {settings.published} yet, so there is nothing to compare "
            "with: `make run` scores and publishes."
        )
    raw = str(settings.raw) if settings.raw else None
    if manifest["raw"] != raw:
        asked, published = (
            path or "the generated sample or the warehouse's own raw tables"
            for path in (raw, manifest["raw"])
        )
        raise ValueError(
            f"The live publication was made from {published}, not from {asked}: whom a rule moves "
            "shows on the same raw data only. Set LEADS_RAW as it was then, or `make run` first."
        )
    return manifest


def preview(settings: Settings, manifest: Manifest, *, folder: Path, console: TextIO) -> list[str]:
    """Score by the rule book of `settings` into `folder`/leads.duckdb, for the day of the
    publication `manifest`, and return in lines whom that moves; all of them stand in
    `folder`/moves.csv. Raises ValueError where the rule book or the raw data cannot work."""
    as_of = date.fromisoformat(manifest["as_of_date"])
    published = settings.published / "versions" / manifest["publication_id"] / "leads.duckdb"
    moves = folder / "moves.csv"
    with open_scratch(replace(settings, as_of_dates=(as_of,)), folder) as scratch:
        moves.unlink(missing_ok=True)
        build(scratch, folder, console, "--select", "+lead_scores", "+lead_score_ledger")
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
            write_moves(connection, moves)
    if manifest["rule_book"]["sha256"] == hash_rules(settings.rules):
        lines += [
            "",
            "The rules are those that are published: what moves comes from reference lists, raw "
            "data or changed code.",
        ]
    return [
        *lines,
        "",
        f"Every lead that moves: {moves}",
        "Nothing was published: `make run` does.",
    ]


if __name__ == "__main__":
    leave(main())
