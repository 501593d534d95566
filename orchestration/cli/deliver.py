"""What belongs here: the commands about hand-overs and scores on their way to their receivers."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orchestration.cli.complete import complete_dead
from orchestration.cli.options import OF_A_CRM, OF_A_WEBHOOK, as_json, take_settings
from orchestration.cli.printing import as_wrong_use, tell
from orchestration.lib.basics.outcomes import Answer, WrongUse
from orchestration.lib.basics.settings import locate_published, locate_warehouse

if TYPE_CHECKING:
    from orchestration.lib.delivered.crm import Crm


@click.command(short_help="How many hand-overs wait, are delivered or dead, and why.")
@take_settings("warehouse")
@as_json
def outbox(as_json: bool) -> None:
    """Show how many hand-overs, and records of the CRM, wait, are delivered, withdrawn or dead, the
    dead ones with why, and what is held back until a person accepts it.

    \b
    Example: leads outbox
    """
    tell(answer_outbox(locate_warehouse()), as_json=as_json)


@click.command(short_help="Deliver hand-overs and write scores into the CRM.")
@take_settings("warehouse", "published", *OF_A_WEBHOOK, *OF_A_CRM)
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@as_json
def deliver(dry_run: bool, as_json: bool) -> None:
    """Deliver the hand-overs that are due now to the webhook, and write what has changed of scores
    and hand-overs into the records of the CRM; where `leads ui` runs it does so by itself.

    \b
    Example: leads deliver --dry-run
    """
    from orchestration.lib.delivered.record_delivery import demand_receivers
    from orchestration.lib.published.live import deliver_all, describe_deliveries

    with as_wrong_use():
        webhook, crms = demand_receivers()
    if dry_run:
        tell(answer_dry_run(crms), as_json=as_json)
        return
    deliveries, complaints = deliver_all(webhook, crms)
    done = {
        title.lower() or "delivery": {**delivery.states, "put_off": delivery.put_off}
        for title, delivery in deliveries.items()
    }
    told = answer_outbox(locate_warehouse())
    lines = [*describe_deliveries(deliveries), *told.lines]
    tell(Answer(lines, {**done, **told.document}), as_json=as_json)
    if complaints:
        raise WrongUse("\n".join(complaints))


def answer_dry_run(crms: Sequence["Crm"]) -> Answer:
    """What would be sent: the hand-overs that wait, and of each CRM how many records, the first
    ones with their values."""
    from orchestration.lib.delivered.delivery import read_outbox
    from orchestration.lib.delivered.outbox import find_outbox
    from orchestration.lib.delivered.record_delivery import describe_preview, preview
    from orchestration.lib.published.live import find_live

    file = find_outbox(locate_warehouse())
    waiting = read_outbox(file)["states"].get("pending", 0)
    lines = [f"Hand-overs that wait: {waiting:,}."]
    document: dict[str, Any] = {"hand_overs": waiting}
    live = find_live(locate_published()) if crms else None
    for crm in crms:
        told = preview(file, crm, live)
        lines += describe_preview(crm, told)
        document[crm.name] = {"records": told.records, "left_out": told.left_out}
    return Answer(lines, document)


@click.command(short_help="Have a dead hand-over sent again, or all of them.")
@click.argument("which", metavar="KEY|all|CRM", shell_complete=complete_dead)
@take_settings("warehouse")
@as_json
def redeliver(which: str, as_json: bool) -> None:
    """Have the dead hand-over of the idempotency KEY sent again, under the same key, or a dead
    record of the CRM, or all of them: `leads outbox` lists the keys. By the name of a CRM, hubspot
    or salesforce, all that its records are to hold is written anew.

    \b
    Example: leads redeliver all
    """
    from orchestration.lib.delivered.delivery import read_clock
    from orchestration.lib.delivered.outbox import (
        find_outbox,
        has_outbox,
        list_crms,
        open_outbox,
        replay_dead,
    )
    from orchestration.lib.delivered.records import forget_accepted

    if not which.strip():
        raise WrongUse(
            "Say which hand-over: leads redeliver <idempotency key, or all>; `leads outbox` lists "
            "them."
        )
    file = find_outbox(locate_warehouse())
    lines, replayed = [], 0
    if has_outbox(file):
        with as_wrong_use(), open_outbox(file) as connection:
            again = forget_accepted if which.strip() in list_crms(connection) else replay_dead
            replayed = again(connection, which.strip(), at=read_clock())
        lines = [f"To be sent again: {replayed:,}."]
    told = answer_outbox(locate_warehouse())
    tell(
        Answer([*lines, *told.lines], {"to_be_sent_again": replayed, **told.document}),
        as_json=as_json,
    )


def answer_outbox(warehouse: Path) -> Answer:
    """The outbox of a warehouse, and what is held back from it."""
    from orchestration.lib.decided.acceptances import list_refusals
    from orchestration.lib.delivered.delivery import describe_outbox, read_outbox
    from orchestration.lib.delivered.outbox import find_outbox

    file = find_outbox(warehouse)
    held = [row.sentence for row in list_refusals(warehouse) if row.verdict == "hold"]
    lines = [*describe_outbox(file), *(f"HELD BACK: {sentence}" for sentence in held)]
    return Answer(lines, {**read_outbox(file), "held_back": held})


COMMANDS = [outbox, deliver, redeliver]
