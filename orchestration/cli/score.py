"""What belongs here: the commands that score: the daily run, and what would be by another rule
book, on another day, with other data."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import click

from orchestration.cli.complete import complete_examples
from orchestration.cli.options import (
    OF_A_CRM,
    OF_A_RUN,
    OF_A_WEBHOOK,
    OF_SCORING,
    as_json,
    take_settings,
)
from orchestration.cli.printing import as_wrong_use, find_log, tell, tell_lines, warn, work_in
from orchestration.lib.basics.outcomes import Answer, Outcome
from orchestration.lib.basics.progress import divert_output
from orchestration.lib.basics.settings import (
    PROJECT_ROOT,
    check_settings,
    load_settings,
    locate_warehouse,
    write_days,
)


@click.command(short_help="Score once, audit and publish, with a summary.")
@click.option(
    "--intraday",
    is_flag=True,
    help="Score only the leads that new loads have touched since the last run.",
)
@take_settings(*OF_A_RUN)
@as_json
def run(intraday: bool, as_json: bool) -> int:
    """Score once, audit and publish: the daily refresh. What an audit or a check of health refuses
    is not published.

    \b
    Example: leads run --as-of 2026-06-30
             leads run --intraday
    """
    from orchestration.cli.daily_run import refresh
    from orchestration.lib.basics.warehouse import (
        check_warehouse,
        hold_warehouse,
    )
    from orchestration.lib.published.summary import answer_summary

    if intraday:
        tell(run_touched(), as_json=as_json)
        return Outcome.DONE
    warehouse = locate_warehouse()
    # Nobody writes into the warehouse from here to the end of the run.
    with hold_warehouse(warehouse):
        check_warehouse(warehouse)
        with as_wrong_use():
            settings = load_settings()
            check_settings(settings)
        outcome = refresh(settings)
        if outcome == Outcome.DONE:
            tell(answer_summary(settings.published, settings.warehouse), as_json=as_json)
    return outcome


def run_touched() -> Answer:
    """One intraday run, and what it did."""
    from orchestration.lib.intraday.run import run_intraday

    with as_wrong_use():
        settings = load_settings()
        check_settings(settings)
    with work_in("intraday", "Nothing was published. What is wrong:") as (_folder, console):
        done = run_intraday(settings, run_id=str(uuid4()), console=console)
    return Answer(done.describe(), done.document())


@click.command(short_help="Score, publish and hand over what loads, as it loads.")
@take_settings("intraday-seconds", *OF_A_RUN, *OF_A_WEBHOOK, *OF_A_CRM)
def watch() -> None:
    """Look again and again whether something has loaded, score the leads that it touches, publish
    them and deliver who is due: `leads run --intraday` and `leads deliver`, until it is stopped.
    `leads ui` does so by itself.

    \b
    Example: leads watch --intraday-seconds 20
    """
    from orchestration.lib.intraday.run import demand_offer
    from orchestration.lib.intraday.watch import read_seconds, send

    with as_wrong_use():
        seconds = read_seconds()
        demand_offer(load_settings())
    warn(f"Looking every {seconds} s whether something has loaded; Ctrl-C ends it.")
    for lines in watch_loads(find_log("intraday")):
        delivered = send()
        if lines:
            lines = [*lines, *delivered]
            tell_lines([f"{datetime.now(UTC):%H:%M:%S}  {line}" for line in lines])
        time.sleep(seconds)


def watch_loads(log_file: Path) -> Iterator[list[str]]:
    """What each look comes to in sentences, none where there is nothing to say."""
    from orchestration.lib.intraday.watch import Watch

    watching, said = Watch(), ""
    while True:
        try:
            with divert_output(log_file) as console:
                done = watching.look(load_settings(), console=console)
            said = ""
            yield done.describe() if done else []
        except ValueError as error:
            # What stops it is said once, and again when it has become another thing.
            is_new, said = str(error) != said, str(error)
            yield [said] if is_new else []


@click.command(short_help="Whom a changed rule book would move, before it is published.")
@take_settings("published", *OF_SCORING)
@as_json
def preview(as_json: bool) -> None:
    """Score with the changed rule book beside the live publication and show whom the change moves,
    and why. Publishes nothing.

    \b
    Example: leads preview --rules my-rules
    """
    from orchestration.lib.asked.preview import demand_publication
    from orchestration.lib.asked.preview import preview as compare

    with as_wrong_use():
        settings = load_settings()
        check_settings(settings)
    manifest = demand_publication(settings)
    warn(
        f"Comparing the rule book {settings.rules} with publication {manifest['publication_id']} "
        f"as of {manifest['as_of_date']}"
    )
    with work_in("preview", "Nothing could be compared. What is wrong:") as (folder, console):
        answer = compare(settings, manifest, folder=folder, console=console)
    tell(replace(answer, lines=["", *answer.lines]), as_json=as_json)


@click.command(short_help="Score past days again, as they were or as they were known.")
@click.argument("days", default="", metavar="DAYS")
@take_settings("known", *OF_SCORING)
@as_json
def replay(days: str, as_json: bool) -> None:
    """Score past days by the rule book valid then, with what is known now or (--known then) with
    what was known on each of them. Publishes nothing.

    \b
    Example: leads replay 2026-03-01..2026-03-31 --known then
    """
    from orchestration.lib.asked.replay import SENSES, choose_days
    from orchestration.lib.asked.replay import replay as score_again
    from orchestration.lib.basics.progress import count_things

    with as_wrong_use():
        settings = choose_days(load_settings(), days)
        check_settings(settings)
    number = count_things(len(settings.as_of_dates), "day")
    warn(f"Replaying {number}, {write_days(settings.as_of_dates)}, {SENSES[settings.known]}")
    with work_in("replay", "Nothing could be replayed. What is wrong:") as (folder, console):
        answer = score_again(settings, folder=folder, console=console)
    tell(replace(answer, lines=["", *answer.lines]), as_json=as_json)


@click.command(short_help="How well the scores of past days foretold what came.")
@click.argument("days", default="", metavar="DAYS")
@take_settings("as-of", *OF_SCORING)
@click.option(
    "--segments",
    default=",".join(("lead_source", "country")),
    show_default=True,
    metavar="ATTRIBUTES",
    help="Attributes whose values are measured one by one, as lead_source,country.",
)
@as_json
def backtest(days: str, segments: str, as_json: bool) -> None:
    """Score past days again as they were known then, and measure by what came of their leads within
    the horizon of outcomes.csv: DAYS, or the last twelve ends of months whose horizon is over. The
    next run publishes what is found, with what each tier promises and how likely each lead is to
    have its outcome.

    \b
    Example: leads backtest 2026-01-31,2026-02-28,2026-03-31
    """
    from orchestration.lib.learned.backtest import back_test
    from orchestration.lib.learned.findings import answer_tested

    with as_wrong_use():
        settings = load_settings()
        check_settings(settings)
    warn(f"Testing scores of the past by what came until {settings.as_of_dates[-1]}")
    with work_in("backtest", "Nothing could be tested. What is wrong:") as (folder, console):
        names = [name.strip() for name in segments.split(",") if name.strip()]
        tested = back_test(settings, days=days, segments=names, folder=folder, console=console)
    tell(answer_tested(tested, warehouse=settings.warehouse), as_json=as_json)


@click.command(short_help="Learn a rule book from what became of past leads.")
@click.argument("model", default="", metavar="MODEL")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FOLDER",
    help="Where the rule book is written: a folder that is new, or was learned before.",
)
@click.option(
    "--rules-at-most",
    type=click.IntRange(1, 200),
    default=25,
    show_default=True,
    metavar="N",
    help="How many rules it may have.",
)
@click.option(
    "--days",
    type=click.Choice(["month-ends", "first-days"]),
    default="month-ends",
    show_default=True,
    help="A lead counts on each month's end, or once, on its first day.",
)
@click.option("--since", metavar="DAY", help="The first day that counts. Default: a year back.")
@click.option(
    "--judged-from",
    metavar="DAY",
    help="What is from this day on judges and is not learned from. Default: the last quarter.",
)
@click.option(
    "--with-unfinished",
    is_flag=True,
    help="Learn also from leads whose time was not up by then, by what had come.",
)
@click.option(
    "--leave-out",
    multiple=True,
    metavar="NAME",
    help="An attribute or activity that no rule may use, or a value, as industry=retail.",
)
@click.option(
    "--seed", type=int, default=7, show_default=True, metavar="N", help="Of what is drawn."
)
@take_settings("as-of", *OF_SCORING)
@as_json
def learn(
    model: str,
    out: Path,
    rules_at_most: int,
    days: str,
    since: str | None,
    judged_from: str | None,
    with_unfinished: bool,
    leave_out: tuple[str, ...],
    seed: int,
    as_json: bool,
) -> None:
    """Write a rule book for MODEL to a folder: a challenger of few rules, learned from past leads
    and what came of them, with how good it is beside the rule book there is. Publishes nothing.

    \b
    Example: leads learn b2b_software --out my-learned-rules
    """
    from orchestration.lib.learned.learn import Question, demand_place, read_one_day
    from orchestration.lib.learned.learn import learn as learn_from_history

    with as_wrong_use():
        settings = load_settings()
        check_settings(settings)
        question = Question(
            model_id=model,
            days=days,
            since=read_one_day(since, name="--since"),
            judged_from=read_one_day(judged_from, name="--judged-from"),
            with_unfinished=with_unfinished,
            leave_out=leave_out,
            rules_at_most=rules_at_most,
            seed=seed,
        )
        out = out.expanduser().absolute()
        demand_place(out)
    warn(f"Learning from what was known, and what came, by {settings.as_of_dates[-1]}")
    with work_in("learn", "Nothing was learned. What is wrong:") as (folder, console):
        answer = learn_from_history(settings, question, out=out, folder=folder, console=console)
    tell(replace(answer, lines=["", *answer.lines]), as_json=as_json)


@click.command(short_help="Score real data with a rule book of its own.")
@click.argument("name", shell_complete=complete_examples)
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    metavar="FOLDER",
    help="The folder of the downloaded files.",
)
def example(name: str, data: Path) -> int:
    """Score the worked example NAME (examples/README.md says where its data is to be had) and count
    how often each tier converted.

    \b
    Example: leads example olist --data ~/downloads/olist
    """
    data = data.absolute()
    os.chdir(PROJECT_ROOT)
    from examples.run import run_example

    with as_wrong_use():
        return run_example(name, data)


COMMANDS = [run, watch, preview, replay, backtest, learn, example]
