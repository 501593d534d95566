"""What belongs here: a rule book learned from the warehouse's own past.

It replays the past in a copy of the warehouse under build/learn, with the trial book in place of
the rule book, so that the engine itself says what was known of each lead and what each activity
counted; learns from the earlier part of time, judges by the last, and writes a folder. The
warehouse, the publication and the rule book stay as they are.
"""

import shutil
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import TextIO

import duckdb

from orchestration.lib.asked.scratch import build, open_scratch
from orchestration.lib.basics.outcomes import Answer, Refused, WrongUse
from orchestration.lib.basics.progress import time_step
from orchestration.lib.basics.settings import PROJECT_ROOT, Settings, read_days
from orchestration.lib.learned.attributes import describe_attributes
from orchestration.lib.learned.backtest import list_month_ends
from orchestration.lib.learned.candidates import SHAPES, History, make_matrix
from orchestration.lib.learned.comparison import compare, count_periods
from orchestration.lib.learned.learning import learn_book
from orchestration.lib.learned.parts import Parts, demand_enough, part_history
from orchestration.lib.learned.past_leads import read_history
from orchestration.lib.learned.reports import (
    MARK,
    Report,
    count_part,
    describe,
    make_document,
    write_readme,
)
from orchestration.lib.learned.rule_books import (
    Cells,
    read_rule_book,
    write_book,
    write_trial_book,
)
from orchestration.lib.learned.rules import make_rules, word_outcome

FOLDER = PROJECT_ROOT / "build" / "learn"

RULES_AT_MOST = 25
SEED = 7
# So many leads with the outcome to a rule, of the five to ten that the textbooks ask: with fewer,
# rules fit what chance did.
OUTCOMES_PER_RULE = 5

HALF_LIVES = tuple(dict.fromkeys(shape.half_life_days for shape in SHAPES))

# Which days a lead is learned from: each month's end it was at risk on, or its first day alone.
MONTH_ENDS, FIRST_DAYS = "month-ends", "first-days"


@dataclass(frozen=True)
class Question:
    """What is to be learned: for the model `model_id` (blank for the only champion), from leads on
    `days`, no earlier than `since`; what came from `judged_from` on judges. `with_unfinished` also
    learns from leads whose horizon had not ended by then, by what had come. `leave_out` names
    attributes and activities, or values as attribute=value."""

    model_id: str = ""
    days: str = MONTH_ENDS
    since: date | None = None
    judged_from: date | None = None
    with_unfinished: bool = False
    leave_out: tuple[str, ...] = ()
    rules_at_most: int = RULES_AT_MOST
    seed: int = SEED


def learn(
    settings: Settings, question: Question, *, out: Path, folder: Path, console: TextIO
) -> Answer:
    """Write a learned rule book to `out` and tell how good it is. Raises WrongUse where the model
    or `out` will not do, Refused where there is too little to learn from, ValueError where the
    rule book or the raw data cannot work."""
    demand_place(out)
    old = read_rule_book(settings.rules, project=settings.project)
    model = find_model(old, question.model_id)
    outcome = find_outcome(old, model["model_id"])
    horizon = int(float(outcome["horizon_days"]))
    newest = settings.as_of_dates[-1]
    trial = name_apart(f"{model['model_id']}_learned", old)
    attributes = describe_attributes(
        old, product=model.get("product", ""), leave_out=question.leave_out,
        on_first_days=question.days == FIRST_DAYS,
    )  # fmt: skip
    trial_book = folder / "rules"
    write_trial_book(
        settings.rules,
        trial_book,
        project=settings.project,
        model=model,
        outcome=outcome,
        trial=trial,
        attributes=attributes.named,
        half_lives=HALF_LIVES,
    )
    ends = list_month_ends(newest, horizon=horizon, since=question.since)
    days = (newest,) if question.days == FIRST_DAYS else (*ends, newest)
    asked = replace(settings, rules=trial_book, as_of_dates=days, known="then")
    with open_scratch(asked, folder) as scratch:
        build(
            scratch, folder, console, "--select", "+lead_totals", "+rule_points",
            "+int_lead_outcomes", "+int_lead_attributes", "+stg_crm__lead_attributes",
        )  # fmt: skip
        with (
            time_step(console, "read", "what was known of each lead"),
            duckdb.connect(str(scratch.warehouse), read_only=True) as connection,
        ):
            past = read_history(
                connection,
                attributes,
                model_id=model["model_id"],
                trial=trial,
                horizon=horizon,
                newest=newest,
                on_first_days=question.days == FIRST_DAYS,
                since=question.since,
            )
    with time_step(console, "learn", "rules, and what they are compared with"):
        history, parts = part_history(
            past,
            horizon=horizon,
            judged_from=question.judged_from,
            with_unfinished=question.with_unfinished,
        )
        least = {name: read_minimum(old, settings, name) for name in LEAST}
        demand_enough(history, parts, outcome=outcome, least=least)
        report = make_report(
            history,
            parts,
            question,
            least=least,
            old=old,
            model=model,
            outcome=outcome,
            trial=trial,
        )
        write_folder(out, report, old=old, model=model, outcome=outcome)
    return Answer(
        [*describe(report), "", f"The rule book: {out}"],
        {"rules_folder": out, **make_document(report)},
    )


def read_one_day(text: str | None, *, name: str) -> date | None:
    """The one day that the option `name` says; None where it says nothing."""
    days = read_days(text or "", name=name)
    if len(days) > 1:
        raise WrongUse(f"{name} is '{text}': name one day, such as 2026-06-01.")
    return days[0] if days else None


LEAST = ("learning_outcomes", "rule_leads")


def demand_place(out: Path) -> None:
    """WrongUse where the folder `out` holds something that was not learned."""
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not is_learned(out))):
        raise WrongUse(
            f"--out is {out}, where something lies that was not learned: name a folder that is new "
            "or empty, or one that an earlier `leads learn` has written."
        )


def is_learned(folder: Path) -> bool:
    """Whether a folder holds a learned rule book."""
    readme = folder / "README.md"
    return readme.is_file() and readme.read_text(encoding="utf-8").startswith(MARK)


def find_model(old: dict[str, list[Cells]], model_id: str) -> Cells:
    """The row of the model of that name; of the only champion where it is blank."""
    models = {row["model_id"]: row for row in old["models"]}
    champions = [name for name, row in models.items() if row["role"] == "champion"]
    if model_id in models:
        return models[model_id]
    names = ", ".join(models)
    if model_id.strip():
        raise WrongUse(f"There is no model '{model_id}' in the rule book; there are: {names}.")
    if len(champions) != 1:
        raise WrongUse(f"Say which model: leads learn <model> --out <folder>; there are: {names}.")
    return models[champions[0]]


def find_outcome(old: dict[str, list[Cells]], model_id: str) -> Cells:
    """The row of outcomes.csv that speaks of a model: its own, else everybody's."""
    rows = {row.get("model_id", ""): row for row in old.get("outcomes", [])}
    found = rows.get(model_id) or rows.get("")
    if not found:
        raise WrongUse(
            f"outcomes.csv says nothing of the model {model_id}, so that nobody knows what to "
            "learn: add a row for it, or one with an empty model_id for every model."
        )
    return found


def name_apart(name: str, old: dict[str, list[Cells]]) -> str:
    """A model's name that the rule book does not have yet.

    >>> name_apart("m_learned", {"models": [{"model_id": "m_learned"}]})
    'm_learned_2'
    """
    taken = {row["model_id"] for row in old["models"]}
    names = [name, *(f"{name}_{number}" for number in range(2, len(taken) + 3))]
    return next(free for free in names if free not in taken)


def read_minimum(old: dict[str, list[Cells]], settings: Settings, name: str) -> int:
    """A number of model_minimums.csv: the rule book's own file, or the shipped one."""
    shipped = read_rule_book(settings.project / "seeds" / "rules", project=settings.project)
    rows = old["model_minimums"] or shipped["model_minimums"]
    return next(int(float(row["value"])) for row in rows if row["minimum"] == name)


def make_report(
    history: History,
    parts: Parts,
    question: Question,
    *,
    least: dict[str, int],
    old: dict[str, list[Cells]],
    model: Cells,
    outcome: Cells,
    trial: str,
) -> Report:
    """What was learned, and how good it is."""
    asked_by_hand = {
        row.get("attribute", row.get("activity", ""))
        for name, rows in old.items()
        if name.startswith("rules_")
        for row in rows
    }
    matrix = make_matrix(
        history,
        rows=parts.learned,
        rule_leads=least["rule_leads"],
        first=sorted(asked_by_hand),
        without=question.leave_out,
    )
    with_outcome = len(set(history.leads[parts.learned & history.came_by_then].tolist()))
    book = matrix.candidates and learn_book(
        matrix,
        history.came_by_then,
        earlier=parts.earlier,
        later=parts.later,
        rules_at_most=min(question.rules_at_most, with_outcome // OUTCOMES_PER_RULE),
        seed=question.seed,
    )
    if not book:
        raise Refused(
            "Nothing was learned: of all that is known of the leads, nothing tells those that "
            f"{word_outcome(outcome)} from the others."
        )
    by_hand = {
        row["rule_id"]
        for name, rows in old.items()
        if name.startswith("rules_")
        for row in rows
        if row["model_id"] == model["model_id"]
    }
    return Report(
        model_id=trial,
        champion=model["model_id"],
        goal=word_outcome(outcome),
        horizon=int(float(outcome["horizon_days"])),
        days=question.days,
        judged_from=parts.judged_from,
        valid_from=parts.saw_until + timedelta(days=1),
        with_unfinished=question.with_unfinished,
        learned=count_part(history, parts.learned),
        judged=count_part(history, parts.judged),
        book=book,
        rules=make_rules(book, matrix, history.came_by_then, rows=parts.learned),
        judgements=compare(
            history,
            matrix,
            book,
            learned=parts.learned,
            judged=parts.judged,
            rules_by_hand=len(by_hand),
            seed=question.seed,
        ),
        periods=count_periods(
            history,
            book.expect(book.score(matrix.values)),
            learned=parts.learned,
            judged=parts.judged,
        ),
        merged=matrix.merged,
        left_out=dict(history.left_out),
    )


def write_folder(
    out: Path, report: Report, *, old: dict[str, list[Cells]], model: Cells, outcome: Cells
) -> None:
    """Write the rule book and its README to `out`, all of it or nothing."""
    fresh = out.with_name(f"{out.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    write_book(
        fresh,
        report.rules,
        report.book,
        old=old,
        model=model,
        model_id=report.model_id,
        outcome=outcome,
        rate=report.learned.came / report.learned.rows,
        valid_from=report.valid_from,
        days=f"{report.learned.first} to {report.learned.last}",
    )
    write_readme(fresh / "README.md", report)
    if out.exists():
        shutil.rmtree(out)
    fresh.rename(out)
