"""What belongs here: the monthly job that tests the scores of the past, and when it runs."""

import sys

import dagster as dg

from orchestration.defs.days import DAYS, load_settings_of_run, make_tags
from orchestration.defs.resources import fail_with_sentences
from orchestration.lib.basics.settings import load_settings
from orchestration.lib.learned.backtest import FOLDER, SEGMENTS, TABLES, back_test
from orchestration.lib.learned.findings import answer_tested


# It works in a copy of the warehouse and takes the lock of a run where it copies, so that no run
# waits for it.
@dg.op
def test_scores_of_the_past(context: dg.OpExecutionContext) -> None:
    """What `leads backtest` does, as of the day of the run: a year of month-ends whose horizon has
    ended is scored again as known then and held against what came. The next daily run publishes
    it."""
    settings = load_settings_of_run(context.run)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with fail_with_sentences():
        tested = back_test(settings, days="", segments=SEGMENTS, folder=FOLDER, console=sys.stderr)
    lines = answer_tested(tested, warehouse=settings.warehouse).lines
    found = dg.MetadataValue.md("\n".join(["```", *lines, "```"]))
    for table in TABLES:
        context.log_event(dg.AssetMaterialization(table, metadata={"found": found}))


@dg.job(partitions_def=DAYS, executor_def=dg.in_process_executor)
def monthly_backtest() -> None:
    """How well the scores of past days foretold what came of their leads, measured anew."""
    test_scores_of_the_past()


@dg.schedule(
    job=monthly_backtest,
    # After the daily run of the day; the last month-end is then a day old.
    cron_schedule="0 7 1 * *",
    execution_timezone="UTC",
    # On as the daily one is: promises that nobody renews are a silent gap too.
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def monthly_backtest_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """A run as of today; as of the sample's last day where that is scored."""
    settings = load_settings(today=context.scheduled_execution_time.date())
    newest = settings.as_of_dates[-1]
    return dg.RunRequest(tags=make_tags(newest, newest))
