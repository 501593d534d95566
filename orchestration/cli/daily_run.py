"""What belongs here: one daily refresh from the command line, told in plain words on its way.

The run is one of Dagster's, in the instance under .dagster, so `leads ui` shows it; what Dagster
and dbt say goes to a log file.
"""

import gc
import os
import re
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from orchestration.lib.basics.duckdb_file import add_remedy
from orchestration.lib.basics.masking import mask_message
from orchestration.lib.basics.outcomes import Outcome
from orchestration.lib.basics.progress import (
    count_things,
    divert_output,
    print_problems,
    print_step,
    say,
)
from orchestration.lib.basics.settings import (
    PROJECT_ROOT,
    Settings,
    find_stretches,
    list_settings,
    write_days,
)
from orchestration.lib.published.publication import read_current

DAGSTER_HOME = PROJECT_ROOT / ".dagster"
LOG_FILE = DAGSTER_HOME / "daily_refresh.log"

# The errors whose message is for people.
SENTENCES = ("ValueError", "WrongUse", "Unusable", "InUse", "Refused")


def refresh(settings: Settings) -> Outcome:
    """Run daily_refresh once with `settings`; says on the errors' stream how it goes and what went
    wrong."""
    os.environ.update(list_settings(settings), DAGSTER_HOME=str(DAGSTER_HOME))
    os.chdir(PROJECT_ROOT)
    say(describe_start(settings))
    before = read_current(settings.published)
    started = time.monotonic()
    with divert_output(LOG_FILE) as console:
        sentences, is_refused = run_daily_refresh(settings, console)
    seconds = time.monotonic() - started
    if sentences:
        is_published = read_current(settings.published) != before
        print_problems(
            "The run failed after it had published. What is wrong:"
            if is_published
            else "Nothing was published. What is wrong:",
            sentences,
            log_file=str(LOG_FILE.relative_to(PROJECT_ROOT)),
        )
        return Outcome.REFUSED if is_refused else Outcome.BROKEN
    say(f"  {'all':<32}{seconds:>34.1f} s\n")
    return Outcome.DONE


def describe_start(settings: Settings) -> str:
    """What is about to be scored, with what, and for which days."""
    raw = settings.raw or "the generated sample or the warehouse's own raw tables"
    return (
        f"Scoring {raw} as of {write_days(settings.as_of_dates)} by the rule book {settings.rules}"
    )


def run_daily_refresh(settings: Settings, console: TextIO) -> tuple[list[str], bool]:
    """Run the job in this process for the as-of dates of `settings`, a line on `console` per step;
    returns what went wrong, and whether a check refused it. Days that do not follow each other take
    a run each, in order."""
    started = time.monotonic()
    # Dagster and dbt take seconds to import: wrong settings are said before. What is imported
    # stays, so that looking for what may go is half a second for nothing.
    gc.disable()
    try:
        import dagster as dg

        from orchestration.definitions import defs
        from orchestration.defs.days import make_tags
        from orchestration.defs.dead_runs import PROCESS_TAG, forget_dead_runs, name_process

        job = defs().resolve_job_def("daily_refresh")
    except ValueError as error:
        return [str(error)], False
    finally:
        gc.enable()
    print_step(console, "load", "Dagster and the dbt project", time.monotonic() - started)
    stretches = find_stretches(settings.as_of_dates)
    with dg.DagsterInstance.get() as instance:
        forget_dead_runs(instance)
        for stretch in stretches:
            # What was asked for by name is published, also in place of a later day.
            publication = {"replace_newer": stretch == stretches[-1]}
            run_id = str(uuid.uuid4())
            with follow_run(instance, run_id, console):
                result = job.execute_in_process(
                    instance=instance,
                    run_id=run_id,
                    tags={**make_tags(*stretch), PROCESS_TAG: name_process()},
                    run_config={"ops": {"published_marts": {"config": publication}}},
                    raise_on_error=False,
                )
            if not result.success:
                return find_sentences(result.all_events)
    return [], False


@contextmanager
def follow_run(instance: Any, run_id: str, console: TextIO) -> Iterator[None]:
    """Print the run's steps on `console` as they end, while the block runs."""
    has_ended = threading.Event()
    thread = threading.Thread(target=print_steps, args=(instance, run_id, console, has_ended))
    thread.start()
    try:
        yield
    finally:
        has_ended.set()
        thread.join()


def print_steps(instance: Any, run_id: str, console: TextIO, has_ended: threading.Event) -> None:
    """Read the run's event log until it has ended; print a line per finished step."""
    cursor = None
    starts: dict[str, float] = {}
    made: dict[str, set[str]] = {}
    checks: Counter[str] = Counter()
    while True:
        is_last = has_ended.wait(0.3)
        connection = instance.get_records_for_run(run_id, cursor=cursor)
        cursor = connection.cursor
        for record in connection.records:
            event = record.event_log_entry.dagster_event
            if not event or not event.step_key:
                continue
            if event.is_step_start:
                starts[event.step_key] = record.timestamp
            elif event.is_step_materialization:
                # Of several days a table is one event per day.
                made.setdefault(event.step_key, set()).add(event.asset_key.to_user_string())
            elif event.event_type_value == "ASSET_CHECK_EVALUATION":
                checks[event.step_key] += 1
            elif event.is_step_success or event.is_step_failure:
                print_step(
                    console,
                    *describe_step(
                        event.step_key,
                        tables=len(made.get(event.step_key, ())),
                        checks=checks[event.step_key],
                    ),
                    record.timestamp - starts.get(event.step_key, record.timestamp),
                    has_failed=event.is_step_failure,
                )
        if is_last:
            return


def describe_step(step_key: str, *, tables: int, checks: int) -> tuple[str, str]:
    """A step's name and what it did, as the reader of `leads run` knows them.

    >>> describe_step("lead_tiers_audit_lead_tiers", tables=0, checks=1)
    ('audit', 'lead_tiers')
    >>> describe_step("dbt_build_after_tiers", tables=1, checks=2)
    ('dbt build', '1 table, 2 data tests')
    """
    if step_key.startswith("dbt_build"):
        words = [count_things(tables, "table"), count_things(checks, "data test")]
        return "dbt build", ", ".join(words)
    if "_audit_" in step_key:
        return "audit", step_key.split("_audit_")[-1]
    names = {
        "feed_health": "health",
        "lead_tiers": "tiers",
        "published_marts": "publish",
        "released_hand_overs": "release",
    }
    return names[step_key], step_key


def find_sentences(events: list[Any]) -> tuple[list[str], bool]:
    """What the failed steps of a run complain about, in the words for its reader, and whether it is
    that a check refused to let it go live."""
    # dbt's tests are checks as well: what they found stands in the failure of their step.
    checks = [
        event.asset_check_evaluation_data
        for event in events
        if event.event_type_value == "ASSET_CHECK_EVALUATION" and "_audit_" in event.step_key
    ]
    unhealthy = [check.description for check in checks if not check.passed and check.blocking]
    sentences = []
    for event in events:
        if event.is_step_failure:
            failure = event.step_failure_data
            if failure.user_failure_data:
                sentences.append(failure.user_failure_data.description)
            elif failure.error.cls_name != "DagsterAssetCheckFailedError" or not unhealthy:
                sentences.append(find_message(failure.error))
    # The warehouse's lock is asked for before the first step.
    sentences += [
        find_message(event.event_specific_data.error)
        for event in events
        if event.is_resource_init_failure
    ]
    is_refused = bool(unhealthy) or any(
        event.is_step_failure and has_cause(event.step_failure_data.error, "Refused")
        for event in events
    )
    told = unhealthy + [add_remedy(sentence) for sentence in dict.fromkeys(sentences)]
    return told, is_refused


def has_cause(error: Any, name: str) -> bool:
    """Whether an error goes back to one of that class."""
    return name in [cause.cls_name for cause in list_causes(error)]


def list_causes(error: Any) -> list[Any]:
    """An error and what it goes back to."""
    causes = [error]
    while causes[-1].cause:
        causes.append(causes[-1].cause)
    return causes


def find_message(error: Any) -> str:
    """The sentence of the ValueError that an error goes back to; else the error, without the values
    that it may quote."""
    causes = list_causes(error)
    for cause in causes:
        if cause.cls_name in SENTENCES:
            return re.sub(rf"^[\w.]*{cause.cls_name}: ", "", cause.message.strip())
    return mask_message(causes[-1].message.strip())
