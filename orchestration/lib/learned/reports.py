"""What belongs here: what was learned, in words: how good the book is beside others, what it
rests on, and whether the times have changed."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from orchestration.lib.basics.progress import count_things
from orchestration.lib.learned.candidates import Candidate, History
from orchestration.lib.learned.comparison import LEARNED, Judgement, Period
from orchestration.lib.learned.learning import Book
from orchestration.lib.learned.rules import Rule, describe_rule

# How a README begins that a learned book has: what does not is not written over.
MARK = "# A rule book learned from history"


@dataclass(frozen=True)
class Part:
    """A part of the past: how many rows, leads and outcomes, from which day to which."""

    rows: int
    leads: int
    came: int
    first: date
    last: date


@dataclass(frozen=True)
class Report:
    """What was learned for the model `champion`, as the challenger `model_id`. `goal` says in words
    what the leads did; `merged` are candidates that meet the same leads as others, `left_out` what
    was not asked, and why."""

    model_id: str
    champion: str
    goal: str
    horizon: int
    days: str
    judged_from: date
    valid_from: date
    with_unfinished: bool
    learned: Part
    judged: Part
    book: Book
    rules: Sequence[Rule]
    judgements: Sequence[Judgement]
    periods: Sequence[Period]
    merged: Sequence[tuple[Candidate, Candidate]]
    left_out: Mapping[str, str]


def count_part(history: History, rows: np.ndarray) -> Part:
    """What the rows of a mask hold."""
    days = history.days[rows]
    return Part(
        rows=int(rows.sum()),
        leads=len(np.unique(history.leads[rows])),
        came=int(history.came_by_then[rows].sum()),
        first=days.min().item(),
        last=days.max().item(),
    )


def describe(report: Report) -> list[str]:
    """The report in lines."""
    return [
        f"{report.model_id}: {len(report.rules)} rules for {report.champion}, as a challenger, "
        f"valid from {report.valid_from}",
        "",
        *describe_parts(report),
        "",
        *draw_judgements(report.judgements),
        "",
        *draw_conclusions(report),
        "",
        *draw_periods(report.periods),
        "",
        *describe_drift(report.periods, with_unfinished=report.with_unfinished),
    ]


def describe_parts(report: Report) -> list[str]:
    """What was learned from, and what judges."""
    each = "each on its first day" if report.days == "first-days" else "each on every month's end"
    within = count_things(report.horizon, "day")
    return [
        f"{title}: {part.leads:,} leads, {each} ({part.rows:,} in all), from {part.first} to "
        f"{part.last}; {part.came:,} times ({part.came / part.rows:.1%}) they {report.goal} within "
        f"{within}"
        for title, part in (("Learned from", report.learned), ("Judged by", report.judged))
    ]


def draw_judgements(judgements: Sequence[Judgement]) -> list[str]:
    """A line per way to score."""
    return [
        f"{'on leads that nobody has learned from':<38}{'AUC':>6}  {'95 % interval':<16}"
        f"{'calibration error':>18}{'rules':>7}  against the learned book",
        *(
            f"{row.name:<38}{row.auc:>6.3f}  {row.low:.3f} to {row.high:.3f}  "
            f"{row.calibration_error:>18.3f}{row.rules if row.rules is not None else '':>7}"
            + ("" if row.name == LEARNED else f"  {write_difference(row)}")
            for row in judgements
        ),
    ]


def write_difference(row: Judgement) -> str:
    """How far a way to score is from the learned book.

    >>> write_difference(Judgement("x", 0.75, 0.7, 0.8, 0.1, None, 0.05, 0.03, 0.07))
    '+0.050 (+0.030 to +0.070): better'
    """
    word = "better" if row.is_better else "worse" if row.ahead_high < 0 else "not told apart"
    return f"{row.ahead:+.3f} ({row.ahead_low:+.3f} to {row.ahead_high:+.3f}): {word}"


def draw_conclusions(report: Report) -> list[str]:
    """Who is better, and what rounding cost."""
    better = [row.name for row in report.judgements if row.is_better]
    return [
        f"Better than the learned book: {' and '.join(better)}."
        if better
        else "None of them is better than the learned book by more than chance.",
        f"{report.book.points_per_doubling} points double the odds; rounding to whole points cost "
        f"{max(report.book.cost, 0):.4f} of AUC on the leads that were learned from.",
        "It starts as a challenger: nothing is handed over by it until somebody makes it the "
        "champion.",
    ]


def draw_periods(periods: Sequence[Period]) -> list[str]:
    """A line per month: how many leads, what came, what was expected."""
    return [
        f"{'month':<18}{'leads':>8}{'came':>8}{'rate':>8}{'expected':>10}  {'by chance':<18}",
        *(
            f"{row.name:<18}{row.rows:>8,}{row.came:>8,}{row.came / row.rows:>8.1%}"
            f"{row.expected:>10,.0f}  {write_chance(row):<18}"
            f"{'judged' if row.is_judged else 'learned from'}"
            f"{', DRIFT' if row.is_judged and row.has_drifted else ''}"
            for row in periods
        ),
    ]


def write_chance(row: Period) -> str:
    """The interval of what was expected.

    >>> write_chance(Period("2026-01", 100, 5, 10.0, -1.2, 21.4, True))
    '0 to 21'
    """
    return f"{max(row.low, 0):,.0f} to {row.high:,.0f}"


def describe_drift(periods: Sequence[Period], *, with_unfinished: bool = False) -> list[str]:
    """Whether the times have changed, and what follows; `with_unfinished` where some were learned
    from before their time was up."""
    whole = periods[-1]
    months = [row for row in periods[:-1] if row.is_judged]
    drifted = [row.name for row in months if row.has_drifted]
    if not whole.has_drifted:
        some = f" (in {', '.join(drifted)} alone it was not)" if drifted else ""
        return [f"No drift: what came is what was expected{some}."]
    more = "more" if whole.came > whole.expected else "fewer"
    return [
        f"DRIFT: {whole.came:,} of {whole.rows:,} came ({whole.came / whole.rows:.1%}), "
        f"{whole.expected:,.0f} ({whole.expected / whole.rows:.1%}) were expected, and by chance "
        f"{write_chance(whole)}: {more} than those who were learned from.",
        "The order of the leads may still hold, which the AUC says; the chances and the rates of "
        "the tiers do not: learn again from newer months, or set the tiers anew.",
        *(
            ["Part of it may be that the time of the last ones that were learned from was not up."]
            if with_unfinished and whole.came > whole.expected
            else []
        ),
    ]


def write_readme(path: Path, report: Report) -> None:
    """Write what was learned beside the rule book, for people."""
    lines = [
        MARK,
        "",
        *describe_parts_as_list(report),
        "",
        "Each rule's reason says how many of the leads that met it did so, and how many were "
        "expected to by all else that the rules know of them"
        + ("; a lead counts once for each month's end." if report.days != "first-days" else "."),
        "",
        "## How good it is",
        "",
        "```",
        *(line.rstrip() for line in draw_judgements(report.judgements)),
        "```",
        "",
        *draw_conclusions(report),
        "",
        "## Have the times changed?",
        "",
        "```",
        *(line.rstrip() for line in draw_periods(report.periods)),
        "```",
        "",
        *describe_drift(report.periods, with_unfinished=report.with_unfinished),
        "",
        "## What was not asked",
        "",
        *(f"- {reason}: {', '.join(names)}" for reason, names in list_reasons(report.left_out)),
        "",
        "## What says the same",
        "",
        *(
            [
                f"- {describe_candidate(one)}: kept as {describe_candidate(other)}"
                for one, other in report.merged
            ]
            or ["Nothing."]
        ),
        "",
    ]
    path.write_text("\n".join(lines), encoding="utf-8")


def describe_parts_as_list(report: Report) -> list[str]:
    """The parts and the model as a list."""
    return [
        *(f"- {line}." for line in describe_parts(report)),
        f"- The model `{report.model_id}` challenges `{report.champion}`; its {len(report.rules)} "
        f"rules are valid from {report.valid_from}, the day after the last one they know of.",
    ]


def list_reasons(left_out: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """What was left out, by reason.

    >>> list_reasons({"b": "is a key", "a": "is a key", "c": "is personal"})
    [('is a key', ['a', 'b']), ('is personal', ['c'])]
    """
    by_reason: dict[str, list[str]] = {}
    for name, reason in sorted(left_out.items()):
        by_reason.setdefault(reason, []).append(name)
    return sorted(by_reason.items())


def describe_candidate(candidate: Candidate) -> str:
    """A candidate in words.

    >>> describe_candidate(Candidate("reached", "team_size", "10"))
    'Team size 10 or more'
    """
    value = f"{candidate.operand}.." if candidate.kind == "reached" else candidate.operand
    return describe_rule(
        Rule(candidate.kind, candidate.subject, 0, value, candidate.shape, 0, 0, 0.0)
    )


def make_document(report: Report) -> dict[str, Any]:
    """The report for programs."""
    return {
        "model_id": report.model_id,
        "champion": report.champion,
        "valid_from": report.valid_from,
        "judged_from": report.judged_from,
        "learned_from": asdict(report.learned),
        "judged_by": asdict(report.judged),
        "rules": len(report.rules),
        "points_per_doubling": report.book.points_per_doubling,
        "rounding_cost": report.book.cost,
        "comparison": [{**asdict(row), "is_better": row.is_better} for row in report.judgements],
        "periods": [{**asdict(row), "has_drifted": row.has_drifted} for row in report.periods],
        "has_drifted": report.periods[-1].has_drifted,
        "left_out": dict(report.left_out),
    }
