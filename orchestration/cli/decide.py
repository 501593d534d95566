"""What belongs here: the commands by which a person decides: what was refused is accepted, what is
live is taken back."""

from datetime import UTC, datetime

import click

from orchestration.cli.complete import complete_publications, complete_refusals
from orchestration.cli.options import as_json, take_settings
from orchestration.cli.printing import as_wrong_use, tell
from orchestration.lib.basics.outcomes import Answer, WrongUse
from orchestration.lib.basics.settings import locate_published, locate_warehouse


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
    manifest = roll_back(published, publication)
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


COMMANDS = [accept, rollback]
