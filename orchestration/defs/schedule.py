"""What belongs here: the daily job and when it runs."""

import dagster as dg

daily_refresh = dg.define_asset_job(
    "daily_refresh",
    selection=dg.AssetSelection.all(),
    description="Raw tables in; scored, tiered, audited and published leads out.",
    executor_def=dg.in_process_executor,
)

daily_refresh_schedule = dg.ScheduleDefinition(
    name="daily_refresh_schedule",
    job=daily_refresh,
    cron_schedule="0 6 * * *",
    execution_timezone="UTC",
    # On as soon as Dagster's daemon is: a schedule that waits for a click is a silent gap.
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
