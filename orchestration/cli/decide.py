"""What belongs here: the commands by which a person decides: what may go live, what was refused is
accepted, what is live is taken back."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from orchestration.cli.complete import complete_publications, complete_refusals
from orchestration.cli.options import OF_SCORING, as_json, take_settings
from orchestration.cli.printing import as_wrong_use, tell, tell_lines, warn, work_in
from orchestration.lib.basics.outcomes import Answer, Outcome, WrongUse
from orchestration.lib.basics.settings import (
    check_settings,
    load_settings,
    locate_published,
    locate_warehouse,
)


@click.command(short_help="Accept once what a check has refused, by name and reason.")
@click.argument("what", default="", shell_complete=complete_refusals)
@click.option("--by", default="", metavar="NAME", help="Who accepts it.")
@click.option("--because", default="", metavar="REASON", help="Why, for those who read it later.")
@take_settings("warehouse")
@as_json
def accept(what: str, by: str, because: str, as_json: bool) -> None:
    """Accept once what the last run has refused: WHAT is the name that its message says, or several
    with commas between. It counts for the next run that publishes.

    \b
    Example: leads accept web.events.rows --by Ada --because "the site's new tracker"
    """
    from orchestration.lib.decided.acceptances import accept as note

    with as_wrong_use():
        accepted = note(locate_warehouse(), what=what, by=by, because=because, at=datetime.now(UTC))
    lines = []
    for refusal, acceptance in accepted:
        sentence = refusal.sentence.partition(" If it is ")[0]
        lines += [
            f"Accepted by {acceptance.by}, because: {acceptance.because}",
            f"  {refusal.what}, {refusal.verdict}: {sentence}",
        ]
    lines.append("It counts once, for the next run that publishes: `leads run`.")
    names = [refusal.what for refusal, _ in accepted]
    tell(Answer(lines, {"accepted": names, "by": by, "because": because}), as_json=as_json)


@click.command(short_help="Whether a changed rule book may go live.")
@click.argument("days", default="", metavar="DAYS")
@take_settings("published", *OF_SCORING)
@click.option("--by", default="", metavar="NAME", help="Accept what is refused, in this name.")
@click.option("--because", default="", metavar="REASON", help="Why, for those who read it later.")
@click.option(
    "--markdown",
    default="",
    metavar="FILE",
    help="Write it as Markdown for a pull request too; - for standard output, instead of all else.",
)
@as_json
def gate(days: str, by: str, because: str, markdown: str, as_json: bool) -> int:
    """Hold the rule book beside the published one: who moves, what is handed over, and how well
    both ranked the leads of past days (DAYS, or the last twelve ends of months whose outcomes are
    known). What gate.csv does not allow is refused with exit code 3, unless a person accepts it.
    Publishes nothing.

    \b
    Example: leads gate --rules my-rules --markdown gate.md
    """
    from orchestration.lib.asked.preview import demand_publication
    from orchestration.lib.learned.gate import hold_to_gate
    from orchestration.lib.learned.gate_words import answer_gate, write_markdown

    with as_wrong_use():
        settings = load_settings()
        check_settings(settings)
        if bool(by.strip()) != bool(because.strip()):
            raise WrongUse('Say who accepts it and why: --by <your name> --because "<why>".')
    manifest = demand_publication(settings)
    warn(
        f"Holding the rule book {settings.rules} to the gate, against publication "
        f"{manifest['publication_id']} as of {manifest['as_of_date']}"
    )
    with work_in("gate", "Nothing could be compared. What is wrong:") as (folder, console):
        found = hold_to_gate(
            settings,
            manifest,
            days=days,
            by=by.strip(),
            because=because.strip(),
            folder=folder,
            console=console,
        )
    if markdown.strip() == "-":
        tell_lines([write_markdown(found)])
    else:
        if markdown.strip():
            Path(markdown).write_text(write_markdown(found), encoding="utf-8")
        answer = answer_gate(found)
        tell(replace(answer, lines=["", *answer.lines]), as_json=as_json)
    return Outcome.REFUSED if found.is_refused else Outcome.DONE


@click.command(short_help="Take back a publication: make an older one live again.")
@click.argument("publication", metavar="ID", shell_complete=complete_publications)
@take_settings("published", "warehouse")
@as_json
def rollback(publication: str, as_json: bool) -> None:
    """Take back what was published: make the older publication ID the live one again. Hand-overs of
    the later ones that are not yet sent are taken back, those that are sent are listed.

    To take back yesterday's: `leads publications` lists them, the newest first; the ID is that of
    the one below it.

    \b
    Example: leads rollback 20260630T060000Z-0a1b2c
    """
    from orchestration.lib.delivered.release import describe_taken_back, take_back_hand_overs
    from orchestration.lib.published.listing import answer_publications
    from orchestration.lib.published.publication import roll_back

    if not publication.strip():
        raise WrongUse(
            "Say which publication: leads rollback <id>; `leads publications` lists them."
        )
    published = locate_published()
    manifest = roll_back(published, publication, warehouse=locate_warehouse())
    listed = answer_publications(published)
    try:
        unsent, sent = take_back_hand_overs(
            locate_warehouse(),
            published / "versions" / manifest["publication_id"],
            held=manifest.get("health", {}).get("held", []),
        )
    except ValueError as error:
        raise ValueError(
            f"{publication} is live again, but the warehouse still has the hand-overs of the later "
            f"publications: {error} Then roll back to {publication} once more."
        ) from None
    tell(
        Answer(
            [*listed.lines, *describe_taken_back(unsent, sent)],
            {**listed.document, "taken_back": unsent, "already_sent": sent},
        ),
        as_json=as_json,
    )


COMMANDS = [gate, accept, rollback]
