"""What belongs here: the commands that look after an installation: its settings, its reference
lists, a lost warehouse, completion in the shell."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from orchestration.cli.options import GIVEN, OF_SCORING, as_json, take_settings
from orchestration.cli.printing import as_wrong_use, tell, tell_lines, warn, work_in
from orchestration.lib.basics.outcomes import Answer, WrongUse
from orchestration.lib.basics.progress import time_step
from orchestration.lib.basics.settings import (
    PROJECT_ROOT,
    Settings,
    check_settings,
    list_settings,
    load_settings,
    locate_warehouse,
)
from orchestration.lib.basics.variables import VARIABLES, check_names, hide_secret, read_given

ALL = [variable.option for variable in VARIABLES]

COMPLETIONS = {
    "bash": 'eval "$(_LEADS_COMPLETE=bash_source leads)"',
    "zsh": 'eval "$(_LEADS_COMPLETE=zsh_source leads)"',
}


@click.command(short_help="Every setting with its value and where it comes from.")
@take_settings(*ALL)
@as_json
def settings(as_json: bool) -> None:
    """Print every setting with its value and where it comes from: an option, a LEADS_ variable or
    the default. Secrets are hidden; a misspelt variable is named.

    \b
    Example: leads settings --as-of 2026-06-30
    """
    given = read_given()
    problem = None
    try:
        check_names()
        effective = list_settings(load_settings())
    except ValueError as error:
        problem, effective = error, {}
    rows = [
        {
            "option": f"--{variable.option}",
            "variable": variable.name,
            "value": hide_secret(variable, given[variable.name])
            if variable.name in given
            else effective.get(variable.name, variable.default),
            "source": "option"
            if variable.name in GIVEN
            else "variable"
            if variable.name in given
            else "default",
            "meaning": variable.words,
        }
        for variable in VARIABLES
    ]
    width = max(len(row["variable"]) for row in rows) + 2
    lines = [f"{row['variable']:<{width}}{row['source']:<10}{row['value']}" for row in rows]
    lines += ["", f"The project: {PROJECT_ROOT}. A relative path of a variable starts there."]
    tell(Answer(lines, {"project": PROJECT_ROOT, "settings": rows}), as_json=as_json)
    if problem:
        with as_wrong_use():
            raise problem


@click.command(short_help="Bring the past of a lost warehouse back from the live publication.")
@take_settings("raw", "rules", "warehouse", "published", "target")
@as_json
def restore(as_json: bool) -> None:
    """Bring history and hand-overs back from the live publication into a new warehouse. `leads run`
    does it by itself where it finds a new warehouse beside a publication.

    \b
    Example: leads restore
    """
    from orchestration.lib.basics.warehouse import (
        check_warehouse,
        hold_warehouse,
    )
    from orchestration.lib.built.dbt_command import run_dbt
    from orchestration.lib.published.restoration import (
        demand_no_past,
        describe_restoration,
        restore_past,
    )

    warehouse = locate_warehouse()
    with hold_warehouse(warehouse):
        check_warehouse(warehouse)
        with as_wrong_use():
            given = load_settings()
            check_settings(given)
        demand_no_past(given)
        with work_in("restore", "Nothing was restored. What is wrong:") as (folder, console):
            with time_step(console, "tables", "made where they are missing"):
                command = ["run-operation", "make_state_tables"]
                list(run_dbt(command, settings=given, target_path=folder / "target"))
            with time_step(console, "restore", "history and hand-overs"):
                restored = restore_past(given)
    lines = [
        *describe_restoration(restored),
        "All else comes from the raw tables: `leads run`.",
    ]
    tell(
        Answer(
            ["", *lines],
            {
                "publication_id": restored.publication_id,
                "as_of_date": restored.as_of_date,
                "rows": restored.rows,
                "undecided": restored.undecided,
            },
        ),
        as_json=as_json,
    )


@click.command(short_help="Forget a person everywhere, with a receipt.")
@click.option("--lead", default="", metavar="ID", help="The person with this lead_id.")
@click.option("--email", default="", metavar="ADDRESS", help="The person with this address.")
@take_settings("published", *OF_SCORING)
@as_json
def erase(lead: str, email: str, as_json: bool) -> None:
    """Erase a person from warehouse, history, hand-overs, outbox, publications, logs and records of
    runs, search all of them, and write a receipt. The person is left out of whatever loads later;
    the rows of the raw tables, which are yours to delete, are told. It cannot be undone.

    \b
    Example: leads erase --email ada@firm.example
    """
    from orchestration.lib.basics.warehouse import check_warehouse, demand_warehouse, hold_warehouse
    from orchestration.lib.erased.erasure import (
        begin,
        describe_erasure,
        find_in_rule_book,
        finish,
        read_pending,
    )

    lead, email = lead.strip(), email.strip()
    # What a lock says of who holds it stays in its file.
    sys.orig_argv[:] = [word.replace(lead or email or " ", "…") for word in sys.orig_argv]
    if bool(lead) == bool(email):
        raise WrongUse("Say who: leads erase --lead <lead_id>, or --email <address>.")
    warehouse = locate_warehouse()
    with hold_warehouse(warehouse):
        demand_warehouse(warehouse)
        check_warehouse(warehouse)
        with as_wrong_use():
            given = load_settings()
        pending = read_pending(warehouse)
        if pending:
            warn("First an erasure is finished that was interrupted.")
            with work_in("erase", "Not all is erased yet. What is wrong:") as (_, console):
                finish(given, pending, console)
        erasure = begin(given, lead_id=lead, email=email)
        with work_in("erase", "Not all is erased yet. What is wrong:") as (_, console):
            file = finish(given, erasure, console)
    exclusions = find_in_rule_book(given.rules, erasure.person)
    told = describe_erasure(erasure, file, exclusions=exclusions, sources=given.sources)
    tell(told, as_json=as_json)


@click.command(short_help="Mail domains and crawlers as those list them who keep such lists.")
@click.option(
    "--packages",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="A folder that holds the packages, installed by pip. Default: those that "
    "requirements-lists.lock pins are fetched.",
)
@take_settings("published", *OF_SCORING)
@as_json
def lists(packages: Path | None, as_json: bool) -> None:
    """Refresh the lists of free and disposable mail domains and of crawlers in seeds/reference from
    the packages that keep them; own rows stay. Then score beside the live publication and show whom
    that moves. Publishes nothing.

    \b
    Example: leads lists
    """
    from orchestration.lib.built.list_packages import install_packages
    from orchestration.lib.built.reference_lists import describe_lists, refresh_lists, write_lists

    with as_wrong_use():
        given = load_settings()
        check_settings(given)
    with work_in("lists", "The lists stay as they are. What is wrong:") as (folder, console):
        if packages is None:
            packages = folder / "packages"
            with time_step(console, "fetch", "the packages of requirements-lists.lock"):
                install_packages(PROJECT_ROOT / "requirements-lists.lock", packages)
        refreshed = refresh_lists(
            PROJECT_ROOT / "seeds" / "reference", packages, today=datetime.now(UTC).date()
        )
        write_lists(refreshed)
    has_changed = any(one.added or one.gone for one in refreshed)
    moved = show_moves(given) if has_changed else Answer(["No row is new or gone."], {})
    document = {
        "lists": [
            {
                "file": one.file.name,
                "package": one.package.name,
                "version": one.package.version,
                "licence": one.package.licence,
                "own": one.own,
                "listed": len(one.rows) - one.own,
                "added": one.added,
                "gone": one.gone,
                "left_out": one.left_out,
            }
            for one in refreshed
        ],
        "moved": moved.document or None,
    }
    lines = ["", *describe_lists(refreshed), "", *moved.lines]
    tell(Answer(lines, document), as_json=as_json)


def show_moves(given: Settings) -> Answer:
    """Whom the reference lists move that are in seeds/reference now; where nothing is published
    that can be compared with, the sentence that says so."""
    from orchestration.lib.asked.preview import demand_publication, find_listed_companies, preview

    try:
        manifest = demand_publication(given)
    except WrongUse as error:
        return Answer([f"Whom that moves cannot be shown: {error}"], {})
    warn(f"Comparing with publication {manifest['publication_id']} as of {manifest['as_of_date']}")
    with work_in(
        "preview", "The lists are new, but whom they move is not known. What is wrong:"
    ) as (
        folder,
        console,
    ):
        answer = preview(given, manifest, folder=folder, console=console)
        companies = find_listed_companies(folder / given.warehouse.name)
    lines = [
        f"  {row['email_domain']:<32}{row['email_kind']:<12}{row['leads']:>8,}" for row in companies
    ]
    if lines:
        lines = [
            "",
            "Listed, and what leads who write from there name as their company's own web address; "
            "if it is one, a row of corporate_mail_domains.csv says so:",
            *lines,
        ]
    return Answer([*answer.lines, *lines], {**answer.document, "listed_companies": companies})


@click.command(short_help="How to have the shell complete commands, models, publications.")
@click.argument("shell", type=click.Choice(list(COMPLETIONS)))
def completion(shell: str) -> None:
    """Print the line that has bash or zsh complete commands, options, models and publications.

    \b
    Example: leads completion bash >> ~/.bashrc
    """
    tell_lines([COMPLETIONS[shell]])


COMMANDS = [settings, lists, restore, erase, completion]
