"""What belongs here: the daily job and when it runs."""

from collections.abc import Iterator

import dagster as dg

from orchestration.defs.days import make_tags
from orchestration.lib.basics.settings import find_stretches, load_settings

daily_refresh = dg.define_asset_job(
    "daily_refresh",
    selection=dg.AssetSelection.all(),
    description="Raw tables in; scored, tiered, audited and published leads out.",
    executor_def=dg.in_process_executor,
)


@dg.schedule(
    job=daily_refresh,
    cron_schedule="0 6 * * *",
    execution_timezone="UTC",
    # On as soon as Dagster's daemon is: a schedule that waits for a click is a silent gap.
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def daily_refresh_schedule(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest]:
    """A run for today; for the sample's last day where that is scored."""
    settings = load_settings(today=context.scheduled_execution_time.date())
    for first, last in find_stretches(settings.as_of_dates):
        yield dg.RunRequest(tags=make_tags(first, last))
