"""What belongs here: the live publication as those see it who deliver what it says."""

import math
from collections.abc import Sequence
from pathlib import Path

from orchestration.lib.basics.settings import locate_published, locate_warehouse
from orchestration.lib.delivered.crm import Crm
from orchestration.lib.delivered.delivery import Delivery, deliver_due, describe_delivery
from orchestration.lib.delivered.outbox import find_outbox
from orchestration.lib.delivered.record_delivery import write_all
from orchestration.lib.delivered.webhook import Webhook
from orchestration.lib.delivered.write_back import Live
from orchestration.lib.published.facts import find_champions
from orchestration.lib.published.publication import read_current


def find_live(published: Path) -> Live | None:
    """The live publication; None before the first one, and where it is damaged, with a warning."""
    manifest = read_current(published)
    if manifest is None:
        return None
    return Live(
        publication_id=manifest["publication_id"],
        folder=published / "versions" / manifest["publication_id"],
        held=tuple(manifest.get("health", {}).get("held", ())),
        champion=find_champions(manifest)[0],
    )


def deliver_all(
    webhook: Webhook | None, crms: Sequence[Crm], *, max_seconds: float = math.inf
) -> tuple[dict[str, Delivery], list[str]]:
    """Deliver the hand-overs that are due to the webhook, and write what has changed into the CRMs,
    each of both for `max_seconds`; what came of it by the CRM's title, of the webhook by "", and
    what a person has to set right."""
    outbox, published = find_outbox(locate_warehouse()), locate_published()
    sent = {"": deliver_due(outbox, webhook, max_seconds=max_seconds)} if webhook else {}
    written, complaints = write_all(
        outbox, crms, lambda: find_live(published), max_seconds=max_seconds
    )
    return sent | written, complaints


def describe_deliveries(deliveries: dict[str, Delivery]) -> list[str]:
    """A sentence for each receiver."""
    return [
        f"{title}: {describe_delivery(delivery)}" if title else describe_delivery(delivery)
        for title, delivery in deliveries.items()
    ]
