"""What belongs here: the day between two daily runs. What has loaded since the last one is noticed,
scored and handed over."""

import contextlib
import io
import threading

import dagster as dg

from orchestration.lib.basics.outcomes import Unusable, WrongUse
from orchestration.lib.basics.settings import load_settings
from orchestration.lib.intraday.answer import IntradayRun, measure_waits
from orchestration.lib.intraday.watch import Watch, read_seconds, send

# Kept as long as the code server lives: after a start it looks once for nothing.
WATCH = Watch()
IS_AT_WORK = threading.Lock()

intraday_leads = dg.AssetSpec(
    "intraday_leads",
    group_name="marts",
    description="The leads that the day's loads have touched, scored, tiered and published beside "
    "those of the daily run: an entry per intraday run.",
)


# Run in the tick itself and not by a job that it launches: the code server has dbt and the project
# loaded, which takes a run longer than to score what a minute brings. A tick that the daemon no
# longer waits for (`leads ui` lets it take ten minutes) goes on, and the next one leaves it alone.
@dg.sensor(minimum_interval_seconds=read_seconds(), default_status=dg.DefaultSensorStatus.RUNNING)
def intraday_sensor(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Scores, publishes and hands over the leads that new loads have touched since the last run,
    and delivers what is due; looks every LEADS_INTRADAY_SECONDS."""
    if not IS_AT_WORK.acquire(blocking=False):
        return dg.SkipReason("The last intraday run is still at work.")
    try:
        told = io.StringIO()
        with contextlib.redirect_stdout(told):
            done = WATCH.look(load_settings(), console=told)
        if done is None:
            lines = ["Nothing has loaded since the last run.", *WATCH.silent.values()]
            return dg.SkipReason(" ".join(lines))
        context.log.info(told.getvalue())
        if done.publication_id:
            context.instance.report_runless_asset_event(
                dg.AssetMaterialization("intraday_leads", metadata=describe_metadata(done))
            )
        lines = [*done.describe(), *(send() if done.hand_overs else [])]
        return dg.SkipReason(" ".join(lines))
    except (Unusable, WrongUse) as error:
        return dg.SkipReason(str(error))
    finally:
        IS_AT_WORK.release()


def describe_metadata(done: IntradayRun) -> dict[str, dg.MetadataValue]:
    """What Dagster shows of an intraday run; seconds are those from load to hand-over."""
    return {
        "publication_id": dg.MetadataValue.text(done.publication_id or ""),
        "leads": dg.MetadataValue.int(done.leads),
        "hand_overs": dg.MetadataValue.int(done.hand_overs),
        **{
            f"seconds_{name}": dg.MetadataValue.float(float(seconds))
            for name, seconds in (measure_waits(done.waits) or {}).items()
        },
        **({"warnings": dg.MetadataValue.md("\n\n".join(done.warnings))} if done.warnings else {}),
    }
