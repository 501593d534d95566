"""What belongs here: the commands about hand-overs on their way to the receiver."""

from pathlib import Path

import click

from orchestration.cli.complete import complete_dead
from orchestration.cli.options import OF_A_WEBHOOK, as_json, take_settings
from orchestration.cli.printing import as_wrong_use, tell
from orchestration.lib.basics.outcomes import Answer, WrongUse
from orchestration.lib.basics.settings import locate_warehouse


@click.command(short_help="How many hand-overs wait, are delivered or dead, and why.")
@take_settings("warehouse")
@as_json
def outbox(as_json: bool) -> None:
    """Show how many hand-overs wait, are delivered, withdrawn or dead, the dead ones with why, and
    what is held back until a person accepts it.

    \b
    Example: leads outbox
    """
    tell(answer_outbox(locate_warehouse()), as_json=as_json)


@click.command(short_help="Deliver the hand-overs that are due now.")
@take_settings("warehouse", *OF_A_WEBHOOK)
@as_json
def deliver(as_json: bool) -> None:
    """Deliver the hand-overs that are due now; where `leads ui` runs it does so by itself.

    \b
    Example: leads deliver
    """
    from orchestration.lib.delivered.delivery import (
        deliver_due,
        demand_webhook,
        describe_delivery,
    )
    from orchestration.lib.delivered.outbox import find_outbox

    with as_wrong_use():
        webhook = demand_webhook()
    delivery = deliver_due(find_outbox(locate_warehouse()), webhook)
    told = answer_outbox(locate_warehouse())
    tell(
        Answer(
            [describe_delivery(delivery), *told.lines],
            {"delivery": {**delivery.states, "put_off": delivery.put_off}, **told.document},
        ),
        as_json=as_json,
    )


@click.command(short_help="Have a dead hand-over sent again, or all of them.")
@click.argument("which", metavar="KEY|all", shell_complete=complete_dead)
@take_settings("warehouse")
@as_json
def redeliver(which: str, as_json: bool) -> None:
    """Have the dead hand-over of the idempotency KEY sent again, under the same key, or all of
    them: `leads outbox` lists the keys.

    \b
    Example: leads redeliver all
    """
    from orchestration.lib.delivered.delivery import read_clock
    from orchestration.lib.delivered.outbox import (
        find_outbox,
        has_outbox,
        open_outbox,
        replay_dead,
    )

    if not which.strip():
        raise WrongUse(
            "Say which hand-over: leads redeliver <idempotency key, or all>; `leads outbox` lists "
            "them."
        )
    file = find_outbox(locate_warehouse())
    lines, replayed = [], 0
    if has_outbox(file):
        with as_wrong_use(), open_outbox(file) as connection:
            replayed = replay_dead(connection, which.strip(), at=read_clock())
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
