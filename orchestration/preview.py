"""What belongs here: whom a changed rule book would move, asked before it is published.

`python -m orchestration.preview` is what `make preview` calls. It scores the raw data of the live
publication once more, for the same day, into a warehouse of its own under build/preview, and
tells what differs. The real warehouse and the publication stay as they are.
"""

import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TextIO

import yaml

from orchestration.lib.locks import hold_lock
from orchestration.lib.moves import (
    compare_scores,
    describe_moves,
    list_tiers_by_model,
    write_moves,
)
from orchestration.lib.progress import count_things, divert_output, print_problems, print_step
from orchestration.lib.publication import Manifest, hash_rules, read_current
from orchestration.lib.settings import PROJECT_ROOT, Settings, check_settings, load_settings
from orchestration.lib.tiers import write_tiers
from orchestration.lib.warehouse import attach_warehouse, has_table, open_warehouse, quote

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
    scratch = replace(settings, warehouse=folder / "leads.duckdb", as_of=as_of)
    with hold_lock(folder / ".lock", wait_seconds=5):
        moves.unlink(missing_ok=True)
        scratch.warehouse.unlink(missing_ok=True)
        # Where dbt stops before its first table it leaves the results of the time before.
        (folder / "target" / "run_results.json").unlink(missing_ok=True)
        copy_raw_tables(settings, scratch)
        with time_step(console, "dbt build") as what:
            what += score(scratch, folder)
        with (
            time_step(console, "tiers", "lead_tiers"),
            open_warehouse(scratch.warehouse) as connection,
        ):
            write_tiers(connection)
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


def copy_raw_tables(settings: Settings, scratch: Settings) -> None:
    """Copy the raw tables that lie in the warehouse itself: those in files are read in place."""
    variables = yaml.safe_load((settings.project / "dbt_project.yml").read_text())["vars"]
    if settings.raw or not has_table(settings.warehouse, variables["crm_schema"], "leads"):
        return
    schemas = {variables[f"{source}_schema"].lower() for source in ("crm", "web", "email")}
    with attach_warehouse(settings.warehouse) as connection:
        connection.execute(f"attach {quote(scratch.warehouse)} as scratch")
        tables = connection.execute(
            "select table_schema, table_name from information_schema.tables"
            " where table_catalog = 'warehouse' and list_contains(?, lower(table_schema))",
            [sorted(schemas)],
        ).fetchall()
        for schema, table in tables:
            connection.execute(f'create schema if not exists scratch."{schema}"')
            connection.execute(
                f'create table scratch."{schema}"."{table}" as from warehouse."{schema}"."{table}"'
            )


def score(settings: Settings, folder: Path) -> list[str]:
    """Have dbt build the scores and their ledger; returns what it built, in words. Raises
    ValueError with dbt's complaints."""
    # Dagster takes seconds to import: wrong settings are said before.
    from orchestration.defs.resources import find_errors, make_dbt, set_environment

    with set_environment(settings):
        invocation = (
            make_dbt()
            .cli(
                [
                    "build",
                    *("--target", settings.target),
                    *("--select", "+lead_scores", "--select", "+lead_score_ledger"),
                    *("--exclude-resource-type", "unit_test"),
                    *("--exclude-resource-type", "test"),
                ],
                target_path=folder / "target",
                raise_on_error=False,
            )
            .wait()
        )
    if not invocation.is_successful():
        raise ValueError("\n".join(find_errors(invocation)))
    results = invocation.get_artifact("run_results.json")["results"]
    kinds = Counter(result["unique_id"].split(".")[0] for result in results)
    return [
        ", ".join(
            [
                count_things(kinds["seed"], "rule and reference file"),
                count_things(kinds["model"], "table"),
            ]
        )
    ]


@contextmanager
def time_step(console: TextIO, name: str, *what: str) -> Iterator[list[str]]:
    """Print a line of progress as the block ends; the block may say what it did."""
    started = time.monotonic()
    words = list(what)
    has_failed = True
    try:
        yield words
        has_failed = False
    finally:
        print_step(
            console, name, " ".join(words), time.monotonic() - started, has_failed=has_failed
        )


if __name__ == "__main__":
    sys.exit(main())
