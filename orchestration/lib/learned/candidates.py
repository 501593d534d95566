"""What belongs here: what a learned rule could ask of a lead, and how past leads answer.

A candidate is a value of an attribute, that it is missing, a step that a number has reached, or an
activity in one shape. What would only repeat another candidate, or leak the outcome, is none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

# Rows of a history: 100,000 leads on their days, with 24 attributes and 40 activities, were learned
# from in half a minute and 1.2 GB.
ROWS_AT_MOST = 100_000
# What enters the choice: the strongest ones.
STRONGEST = 200

# A text with more values than that is free text: no rule a person would read lists them.
VALUES_AT_MOST = 50
# Where numbers are cut: into tenths at the ends, where most of what differs lies, quarters between.
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
# Two candidates that go together like that share what one of them says: points on both would be
# points on one, told twice.
SAME_FROM = 0.95
SAME_STEPS_FROM = 0.99999

KINDS = ("value", "reached", "missing", "activity")


@dataclass(frozen=True)
class Shape:
    """How an activity counts: each time once, for ever or halving in so many days, and not more
    often than `most` times in all."""

    half_life_days: int | None
    most: int


# For ever first: of shapes that say the same the simplest is kept.
SHAPES = tuple(Shape(days, most) for days in (None, 90, 30, 14, 7) for most in (1, 3))


@dataclass(frozen=True)
class Candidate:
    """What a rule could ask: `subject` is an attribute or an activity, `operand` the value or the
    number that is reached, `shape` that of an activity."""

    kind: str
    subject: str
    operand: str = ""
    shape: Shape | None = None


@dataclass(frozen=True)
class Column:
    """An attribute over all rows: numbers (NaN where missing), else `codes` into `levels`, -1 where
    missing. Of what is free text or personal it is only known whether it is there."""

    name: str
    numbers: np.ndarray | None = None
    codes: np.ndarray | None = None
    levels: tuple[str, ...] = ()

    @property
    def is_missing(self) -> np.ndarray:
        """True where nothing is known, per row."""
        return np.isnan(self.numbers) if self.numbers is not None else self.codes < 0


@dataclass(frozen=True)
class History:
    """Leads on days of the past, a row each, in order of the day.

    `days` are datetime64[D], `leads` numbers, `came` whether the outcome came within the horizon,
    `came_by_then` whether it had come by the day before the judged part, `scores` those of the
    rule book written by hand. `activities` holds per activity and half-life what its events still
    count on the day.
    """

    days: np.ndarray
    leads: np.ndarray
    came: np.ndarray
    came_by_then: np.ndarray
    scores: np.ndarray
    columns: Sequence[Column]
    activities: Mapping[tuple[str, int | None], np.ndarray] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Matrix:
    """Candidates and their values per row (`values`, float32), the sign that the points of each
    may have, and which candidates were merged into which because they meet the same leads."""

    candidates: tuple[Candidate, ...]
    values: np.ndarray
    signs: np.ndarray
    merged: tuple[tuple[Candidate, Candidate], ...] = ()


def make_matrix(
    history: History,
    *,
    rows: np.ndarray,
    rule_leads: int,
    first: Sequence[str] = (),
    without: Sequence[str] = (),
) -> Matrix:
    """The candidates that at least `rule_leads` leads of `rows` (a mask) meet, and as many do not,
    the strongest ones, each once. Of candidates alike those on the attributes of `first` stay;
    values named in `without`, as attribute=value, are no candidates."""
    candidates, values = list_candidates(history, rows=rows)
    enough = [
        place
        for place, column in enumerate(values)
        if f"{candidates[place].subject}={candidates[place].operand}".lower() not in without
        and has_enough(column[rows] > 0, history.leads[rows], rule_leads)
    ]
    candidates = [candidates[place] for place in enough]
    values = [values[place] for place in enough]
    came = history.came_by_then[rows]
    strength = np.array([correlate(column[rows, None], came)[0] for column in values])
    signs = find_signs(candidates, strength)
    places = [
        place
        for place in choose_shapes(candidates, strength)
        if signs[place] and np.sign(strength[place]) == signs[place]
    ]
    order = sorted(
        places,
        key=lambda place: (
            -round(abs(float(strength[place])), 6),
            candidates[place].subject not in first,
            signs[place] < 0,
            KINDS.index(candidates[place].kind),
            candidates[place].subject,
            candidates[place].operand,
        ),
    )[:STRONGEST]
    stacked = np.empty((len(history.days), len(order)), dtype=np.float32)
    for place, column in enumerate(order):
        stacked[:, place] = values[column]
    kept, merged = merge_alike([candidates[place] for place in order], stacked[rows])
    kept_places = [order[place] for place in kept]
    return Matrix(
        candidates=tuple(candidates[place] for place in kept_places),
        values=np.ascontiguousarray(stacked[:, kept]),
        signs=signs[kept_places],
        merged=merged,
    )


def list_candidates(
    history: History, *, rows: np.ndarray
) -> tuple[list[Candidate], list[np.ndarray]]:
    """Every candidate with its values per row; steps and values are found in `rows` alone."""
    found: list[tuple[Candidate, np.ndarray]] = []
    for column in history.columns:
        if column.is_missing[rows].any():
            found.append((Candidate("missing", column.name), column.is_missing))
        if column.numbers is not None:
            found += [
                (Candidate("reached", column.name, write_number(step)), column.numbers >= step)
                for step in find_steps(column.numbers[rows])
            ]
        else:
            seen = np.bincount(column.codes[rows] + 1, minlength=len(column.levels) + 1)[1:]
            found += [
                (Candidate("value", column.name, level), column.codes == code)
                for code, level in enumerate(column.levels)
                if seen[code]
            ]
    for (activity, half_life), counts in sorted(
        history.activities.items(), key=lambda item: (item[0][0], -(item[0][1] or np.inf))
    ):
        found += [
            (Candidate("activity", activity, "", shape), np.minimum(counts, shape.most))
            for shape in SHAPES
            if shape.half_life_days == half_life
        ]
    return [candidate for candidate, _ in found], [values for _, values in found]


def find_steps(numbers: np.ndarray) -> list[float]:
    """Where numbers are cut: at quantiles, rounded to two digits as people say them; a few numbers
    at each of them.

    >>> find_steps(np.array([0.0, 1, 1, 2, np.nan]))
    [1.0, 2.0]
    >>> find_steps(np.arange(1000.0))
    [100.0, 250.0, 500.0, 750.0, 900.0]
    """
    known = numbers[~np.isnan(numbers)]
    different = np.unique(known)
    if len(different) <= len(QUANTILES) + 1:
        return [float(number) for number in different[1:]]
    steps = {round_to_digits(float(step)) for step in np.quantile(known, QUANTILES)}
    # Where most have nothing, having anything is a step.
    steps.add(float(different[1]) if (known == different[0]).mean() > QUANTILES[0] else 0.0)
    return sorted(step for step in steps if different[0] < step <= different[-1])


def round_to_digits(number: float, digits: int = 2) -> float:
    """A number rounded to so many digits.

    >>> round_to_digits(1372.0), round_to_digits(-0.0456), round_to_digits(0.0)
    (1400.0, -0.046, 0.0)
    """
    return float(f"{number:.{digits}g}")


def write_number(number: float) -> str:
    """A number as a rule book has it.

    >>> write_number(15000.0), write_number(0.25)
    ('15000', '0.25')
    """
    return f"{number:.10f}".rstrip("0").rstrip(".")


def has_enough(is_met: np.ndarray, leads: np.ndarray, least: int) -> bool:
    """Whether so many leads meet it, and so many do not, on some day."""
    return len(np.unique(leads[is_met])) >= least and len(np.unique(leads[~is_met])) >= least


def correlate(values: np.ndarray, came: np.ndarray) -> np.ndarray:
    """The correlation of each column with whether the outcome came; 0 where one of them is the same
    throughout.

    >>> correlate(np.array([[1.0, 5.0], [0.0, 5.0]], dtype=np.float32), np.array([True, False]))
    array([1., 0.])
    """
    came = came - came.mean()
    spread = values.std(axis=0, dtype=np.float64) * came.std()
    together = (came @ values.astype(np.float64)) / len(came)
    return np.divide(together, spread, out=np.zeros(values.shape[1]), where=spread > 1e-12)


def find_signs(candidates: Sequence[Candidate], strength: np.ndarray) -> np.ndarray:
    """The sign that the points of each candidate may have: that of what the leads who meet it did.
    All steps of one attribute have that of its strongest step, so that none undoes another."""
    signs = np.sign(strength)
    strongest: dict[str, int] = {}
    for place, candidate in enumerate(candidates):
        if candidate.kind == "reached":
            best = strongest.setdefault(candidate.subject, place)
            if abs(strength[place]) > abs(strength[best]):
                strongest[candidate.subject] = place
    for place, candidate in enumerate(candidates):
        if candidate.kind == "reached":
            signs[place] = np.sign(strength[strongest[candidate.subject]])
    return signs


def choose_shapes(candidates: Sequence[Candidate], strength: np.ndarray) -> list[int]:
    """The places of the candidates, with one shape per activity: that which goes best with what
    came; of equal ones the first."""
    best: dict[str, int] = {}
    for place, candidate in enumerate(candidates):
        if candidate.kind != "activity":
            continue
        before = best.setdefault(candidate.subject, place)
        if abs(strength[place]) > abs(strength[before]) + 1e-9:
            best[candidate.subject] = place
    return [
        place
        for place, candidate in enumerate(candidates)
        if candidate.kind != "activity" or best[candidate.subject] == place
    ]


def merge_alike(
    candidates: Sequence[Candidate], values: np.ndarray
) -> tuple[list[int], tuple[tuple[Candidate, Candidate], ...]]:
    """The places of the candidates that stay, and which of the others was merged into which. They
    are alike where they meet, or miss, nearly the same rows; steps of one attribute, which add up,
    where they meet just the same."""
    scaled = values - values.mean(axis=0)
    length = np.sqrt((scaled**2).sum(axis=0, dtype=np.float64))
    scaled /= np.where(length > 0, length, 1)
    alike = np.abs(scaled.T @ scaled)
    kept: list[int] = []
    merged = []
    for place, candidate in enumerate(candidates):
        same = [
            other
            for other in kept
            if alike[place, other]
            >= (1 - 1e-5 if are_steps(candidate, candidates[other]) else SAME_FROM)
        ]
        if same:
            merged.append((candidate, candidates[same[0]]))
        else:
            kept.append(place)
    return kept, tuple(merged)


def are_steps(one: Candidate, other: Candidate) -> bool:
    """Whether both are steps of one attribute."""
    return one.kind == other.kind == "reached" and one.subject == other.subject
