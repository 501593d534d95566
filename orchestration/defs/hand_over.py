"""What belongs here: hand-overs and scores on their way out. Hand-overs are released after the
publication, then delivered to the receiver; both are written into the CRM."""

from datetime import datetime

import dagster as dg

from orchestration.defs.days import BY_DAY, load_settings_and_demand_tables
from orchestration.defs.resources import WAREHOUSE_POOL
from orchestration.lib.basics.settings import locate_published, locate_warehouse
from orchestration.lib.delivered.delivery import count_dead, deliver_due, describe_delivery
from orchestration.lib.delivered.outbox import find_outbox
from orchestration.lib.delivered.record_delivery import load_crms, write_all
from orchestration.lib.delivered.release import release_hand_overs
from orchestration.lib.delivered.webhook import load_webhook
from orchestration.lib.published.live import find_live
from orchestration.lib.published.publication import read_current

# A tick has 60 seconds: the last POST may begin at the end of these and take 20.
TICK_SECONDS = 20.0


@dg.asset(
    deps=["published_marts"],
    group_name="publication",
    kinds={"duckdb", "sqlite"},
    pool=WAREHOUSE_POOL,
    required_resource_keys={"warehouse_lock"},
    **BY_DAY,
)
def released_hand_overs(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """The hand-overs that have been published, put into the outbox for delivery. A run that left
    the live publication in place, such as a backfill, releases nothing."""
    settings = load_settings_and_demand_tables(context.run, "scored_leads")
    live = read_current(settings.published)
    # What is live says by itself whose it is, however this run came to its end.
    if live is None or live["run_id"] != context.run.run_id:
        reason = "The live publication is not of this run: the next one that publishes releases."
        context.log.info(reason)
        return dg.MaterializeResult(metadata={"not_released": reason})
    # They are released with the publication that shows them: a warehouse that is restored from it
    # has the same time.
    return dg.MaterializeResult(
        metadata=release_hand_overs(
            settings.warehouse, at=datetime.fromisoformat(live["published_at"])
        )
    )


# Delivered in the tick itself and not by a job that it launches: the code server has everything
# loaded, where a run takes seconds to start and leaves a page of events behind, every 30 seconds.
# A tick sends for a bounded time and leaves the rest to the next one; if it is cut off, the message
# that it was at is due again when the claim on it has run out.
@dg.sensor(minimum_interval_seconds=30, default_status=dg.DefaultSensorStatus.RUNNING)
def hand_over_sensor(_context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Delivers the hand-overs that are due, twice a minute, where LEADS_WEBHOOK_URL is set."""
    webhook = load_webhook()
    if webhook is None:
        return dg.SkipReason(
            "LEADS_WEBHOOK_URL is not set, so hand-overs wait in the outbox: "
            "docs/how-to/connect-a-webhook.md says how they are delivered."
        )
    outbox = find_outbox(locate_warehouse())
    delivery = deliver_due(outbox, webhook, max_seconds=TICK_SECONDS)
    return dg.SkipReason(describe_delivery(delivery) + tell_dead(count_dead(outbox)))


def tell_dead(dead: int) -> str:
    """What every tick says, until somebody has looked."""
    return f" In all {dead:,} dead: `leads outbox` says why." if dead else ""


# In a tick of its own: a CRM that is slow keeps no hand-over waiting.
@dg.sensor(minimum_interval_seconds=30, default_status=dg.DefaultSensorStatus.RUNNING)
def write_back_sensor(_context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Writes what the live publication says of scores and hand-overs into the CRM, where it has
    changed, twice a minute, where LEADS_HUBSPOT_TOKEN or LEADS_SALESFORCE_URL is set."""
    crms = load_crms()
    if not crms:
        return dg.SkipReason(
            "No CRM is set, so nothing is written back: docs/how-to/write-back-to-the-crm.md says"
            " how it is."
        )
    published = locate_published()
    outbox = find_outbox(locate_warehouse())
    deliveries, complaints = write_all(
        outbox, crms, lambda: find_live(published), max_seconds=TICK_SECONDS
    )
    if complaints:
        raise ValueError(" ".join(complaints))
    return dg.SkipReason(
        " ".join(
            f"{crm.title}: {describe_delivery(deliveries[crm.title])}"
            f"{tell_dead(count_dead(outbox, crm.name))}"
            for crm in crms
        )
    )
