"""What belongs here: the rules of a learned book, each with what came of the leads that met it, and
its reason in a seller's words."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from orchestration.lib.learned.candidates import Candidate, Matrix, Shape
from orchestration.lib.learned.learning import Book

OUTCOME_WORDS = {
    "opportunity": "opened an opportunity",
    "won_opportunity": "became customers",
    "accepted_hand_over": "were accepted by sales",
}


@dataclass(frozen=True)
class Rule:
    """A rule of a learned book: on `subject`, met from `low` to under `high` or by `value`, with
    what came of the rows that met it: how many there were, in how many the outcome came, and in how
    many it would have by all else that the book knows of them."""

    kind: str
    subject: str
    points: int
    value: str
    shape: Shape | None
    met: int
    came: int
    expected: float


def make_rules(book: Book, matrix: Matrix, came: np.ndarray, *, rows: np.ndarray) -> list[Rule]:
    """The rules of a book, with their evidence from `rows` (a mask). Steps of an attribute become
    bands, of which a lead meets one."""
    values = matrix.values[rows][:, list(book.places)]
    scores = book.score(matrix.values[rows])
    rules = []
    for place, (candidate, points) in enumerate(zip(book.candidates, book.points, strict=True)):
        if candidate.kind == "reached":
            continue
        given = points * values[:, place].astype(np.float64)
        rules.append(weigh(candidate, candidate.operand, points, given, book, scores, came[rows]))
    for steps in list_steps(book):
        total = 0
        for number, place in enumerate(steps):
            total += book.points[place]
            beyond = steps[number + 1] if number + 1 < len(steps) else None
            is_met = values[:, place] > 0
            if beyond is not None:
                is_met &= values[:, beyond] <= 0
            low, high = (
                book.candidates[end].operand if end is not None else "" for end in (place, beyond)
            )
            rules.append(
                weigh(
                    book.candidates[place],
                    f"{low}..{high}",
                    total,
                    total * is_met,
                    book,
                    scores,
                    came[rows],
                )  # fmt: skip
            )
    return sorted(rules, key=lambda rule: (-rule.points, rule.subject, rule.value))


def list_steps(book: Book) -> list[list[int]]:
    """Per attribute with steps, their places in the book, the lowest step first."""
    steps: dict[str, list[int]] = {}
    for place, candidate in enumerate(book.candidates):
        if candidate.kind == "reached":
            steps.setdefault(candidate.subject, []).append(place)
    return [
        sorted(places, key=lambda place: float(book.candidates[place].operand))
        for _, places in sorted(steps.items())
    ]


def weigh(
    candidate: Candidate,
    value: str,
    points: int,
    given: np.ndarray,
    book: Book,
    scores: np.ndarray,
    came: np.ndarray,
) -> Rule:
    """A rule that gave `given` points to each row, with its evidence."""
    is_met = given != 0
    return Rule(
        kind=candidate.kind,
        subject=candidate.subject,
        points=points,
        value=value,
        shape=candidate.shape,
        met=int(is_met.sum()),
        came=int(came[is_met].sum()),
        expected=float(book.expect(scores[is_met] - given[is_met]).sum()),
    )


def describe_rule(rule: Rule) -> str:
    """What a rule asks, in words.

    >>> describe_rule(Rule("reached", "team_size", 3, "10..50", None, 0, 0, 0))
    'Team size from 10 to under 50'
    >>> describe_rule(Rule("activity", "demo_request", 3, "", Shape(30, 3), 0, 0, 0))
    'Demo request, up to 3 times, half as much after 30 days'
    """
    name = rule.subject.replace("_", " ").capitalize()
    if rule.kind == "missing":
        return f"{name} is missing"
    if rule.kind == "value":
        yes_or_no = {"true": name, "false": f"Not {name[0].lower()}{name[1:]}"}
        return yes_or_no.get(rule.value, f"{name} is {rule.value}")
    if rule.kind == "reached":
        low, high = rule.value.split("..")
        return (
            f"{name} from {say(low)} to under {say(high)}" if high else f"{name} {say(low)} or more"
        )
    times = f", up to {rule.shape.most} times" if rule.shape.most > 1 else ""
    days = rule.shape.half_life_days
    return f"{name}{times}{f', half as much after {days} days' if days else ''}"


def say(number: str) -> str:
    """A number with its thousands apart.

    >>> say("15000"), say("0.25")
    ('15,000', '0.25')
    """
    whole, dot, rest = number.partition(".")
    return f"{int(whole):,}{dot}{rest}"


def write_reason(rule: Rule, outcome_words: str) -> str:
    """Why a rule has its points.

    >>> write_reason(Rule("missing", "phone", -3, "", None, 1200, 31, 52.4), "became customers")
    'Phone is missing: 31 of 1,200 became customers, 52 expected'
    """
    return (
        f"{describe_rule(rule)}: {rule.came:,} of {rule.met:,} {outcome_words}, "
        f"{rule.expected:,.0f} expected"
    )


def name_rules(rules: Sequence[Rule]) -> list[str]:
    """An id per rule, none twice.

    >>> name_rules([Rule("value", "lead_source", 1, "paid search", None, 0, 0, 0)])
    ['lead_source_paid_search']
    """
    names: list[str] = []
    for rule in rules:
        word = {"missing": "missing", "activity": ""}.get(rule.kind, rule.value)
        name = re.sub(r"[^a-z0-9]+", "_", f"{rule.subject}_{word}".lower()).strip("_")[:60]
        same = sum(other == name or other.startswith(f"{name}__") for other in names)
        names.append(f"{name}__{same + 1}" if same else name)
    return names


def find_range(rules: Iterable[Rule]) -> tuple[int, int]:
    """The fewest and most points that rules can give together: of an attribute a lead meets one.

    >>> find_range([Rule("value", "a", 3, "x", None, 0, 0, 0), Rule("value", "a", 5, "y", None, 0,
    ...     0, 0), Rule("activity", "b", -2, "", Shape(None, 3), 0, 0, 0)])
    (-6, 5)
    """
    points: dict[tuple[str, str], list[int]] = {}
    for rule in rules:
        of_activity = rule.kind == "activity"
        key = ("activity" if of_activity else "attribute", rule.subject)
        points.setdefault(key, [0]).append(rule.points * (rule.shape.most if of_activity else 1))
    return sum(min(given) for given in points.values()), sum(
        max(given) for given in points.values()
    )


def word_outcome(outcome: dict[str, str]) -> str:
    """What the leads did that had the outcome.

    >>> word_outcome({"outcome": "stage", "value": "Proposal"})
    'reached the stage Proposal'
    """
    return OUTCOME_WORDS.get(outcome["outcome"]) or f"reached the stage {outcome['value']}"
