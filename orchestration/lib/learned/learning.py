"""What belongs here: which candidates become rules, and how many points each is worth.

A logistic regression with an L1 penalty chooses. How strong its penalty is, and so how many rules
there are, is tried on the earlier part of time and judged on the next; then it chooses from both,
so that what is new in the next part is seen too; the chosen ones are fitted again, and rounded to
whole points.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from orchestration.lib.learned.candidates import Candidate, Matrix

# Whole points that double the odds: a point is then a seventh more, finer than a few hundred
# outcomes can tell. More are tried where rounding costs too much, as it may where a few rules make
# a few scores, each of many leads.
POINTS_PER_DOUBLING = (5, 10, 20, 50, 100)
ROUNDING_MAY_COST = 0.001

# How much the rows weigh against the penalty, all together: from what leaves a rule or two to what
# leaves more than anybody reads.
STRENGTHS = tuple(float(strength) for strength in np.geomspace(5, 5000, 13))
# A book with fewer rules is taken where it is worse by no more than that on the next part.
WORTH_A_RULE = 0.002
# What draws the weights of rules with few outcomes towards none, when they are fitted again: about
# as much as five more leads of either kind would.
RIDGE = 0.1


@dataclass(frozen=True)
class Book:
    """The rules that were learned: their places in the matrix, their candidates and whole points.

    The chance of the outcome at a score is that of the odds exp(`level` + `slope` · score).
    `cost` is what rounding cost in AUC on the rows that were learned from.
    """

    places: tuple[int, ...]
    candidates: tuple[Candidate, ...]
    points: tuple[int, ...]
    level: float
    slope: float
    points_per_doubling: int
    cost: float

    def score(self, values: np.ndarray) -> np.ndarray:
        """The score of each row of a matrix' values."""
        return values[:, list(self.places)].astype(np.float64) @ np.array(self.points, float)

    def expect(self, scores: np.ndarray) -> np.ndarray:
        """The chance of the outcome at each score."""
        return 1 / (1 + np.exp(-(self.level + self.slope * scores)))


# On one core, so that sums are the same on every machine; of rows as few as these, several gain
# little.
@threadpool_limits.wrap(limits=1)
def learn_book(
    matrix: Matrix,
    came: np.ndarray,
    *,
    earlier: np.ndarray,
    later: np.ndarray,
    rules_at_most: int,
    seed: int,
) -> Book | None:
    """The rules that `earlier` rows choose and the `later` ones judge (both are masks), fitted on
    both; None where nothing tells leads apart."""
    strength = choose_strength(
        matrix, came, earlier=earlier, later=later, rules_at_most=rules_at_most, seed=seed
    )
    if strength is None:
        return None
    both = earlier | later
    # What leaves a rule of the earlier rows may leave none of both: then the next one that does.
    tried = (
        choose_places(
            matrix, came, rows=both, strength=weaker, rules_at_most=rules_at_most, seed=seed
        )
        for weaker in STRENGTHS
        if weaker >= strength
    )
    chosen = next((places for places in tried if places), [])
    weights = refit(matrix, came, rows=both, places=chosen)
    places = [place for place in range(len(weights)) if weights[place]]
    if not places:
        return None
    exact = matrix.values[both] @ weights
    best = roc_auc_score(came[both], exact)
    for per_doubling in POINTS_PER_DOUBLING:
        rounded = np.round(weights[places] * per_doubling / np.log(2)).astype(int)
        kept = [(place, int(value)) for place, value in zip(places, rounded, strict=True) if value]
        cost = best - measure(matrix.values[both], came[both], kept)
        if cost <= ROUNDING_MAY_COST:
            break
    if not kept:
        return None
    scores = matrix.values[both][:, [place for place, _ in kept]] @ np.array([p for _, p in kept])
    level, slope = fit_line(scores, came[both])
    return Book(
        places=tuple(place for place, _ in kept),
        candidates=tuple(matrix.candidates[place] for place, _ in kept),
        points=tuple(points for _, points in kept),
        level=level,
        slope=slope,
        points_per_doubling=per_doubling,
        cost=float(cost),
    )


def measure(values: np.ndarray, came: np.ndarray, rules: Sequence[tuple[int, int]]) -> float:
    """The AUC of rules, each a place and its points."""
    scores = np.zeros(len(values))
    for place, points in rules:
        scores += points * values[:, place].astype(np.float64)
    return float(roc_auc_score(came, scores))


def choose_strength(
    matrix: Matrix,
    came: np.ndarray,
    *,
    earlier: np.ndarray,
    later: np.ndarray,
    rules_at_most: int,
    seed: int,
) -> float | None:
    """Of STRENGTHS the one whose rules, fitted on the earlier rows, are best on the later ones, or
    the first that is hardly worse; None where none has a rule."""
    tried: list[tuple[float, float]] = []
    for strength in STRENGTHS:
        places = choose_places(
            matrix, came, rows=earlier, strength=strength, rules_at_most=rules_at_most, seed=seed
        )
        if places:
            fitted = refit(matrix, came, rows=earlier, places=places)
            auc = roc_auc_score(came[later], matrix.values[later] @ fitted)
            tried.append((float(auc), strength))
        if len(places) >= rules_at_most:
            break
    best = max((auc for auc, _ in tried), default=0.0)
    return next((strength for auc, strength in tried if auc >= best - WORTH_A_RULE), None)


def choose_places(
    matrix: Matrix,
    came: np.ndarray,
    *,
    rows: np.ndarray,
    strength: float,
    rules_at_most: int,
    seed: int,
) -> list[int]:
    """The places of the rules that a penalty leaves, those that move most first, no more than
    `rules_at_most`."""
    values = matrix.values[rows].astype(np.float64)
    model = LogisticRegression(
        l1_ratio=1,
        C=strength / len(values),
        solver="liblinear",
        random_state=seed,
        max_iter=200,
    ).fit(values, came[rows])
    # A weight of the wrong sign is a correction of others, which nobody could explain.
    weights = np.where(model.coef_[0] * matrix.signs > 0, model.coef_[0], 0)
    size = np.abs(weights) * values.std(axis=0)
    places = [int(place) for place in np.argsort(-size, kind="stable") if size[place] > 0]
    return places[:rules_at_most]


def refit(
    matrix: Matrix, came: np.ndarray, *, rows: np.ndarray, places: Sequence[int]
) -> np.ndarray:
    """A weight per candidate, 0 for all but `places`; candidates whose weight would point the wrong
    way beside the others are left out, the farthest first."""
    weights = np.zeros(len(matrix.candidates))
    left = list(places)
    while left:
        values = matrix.values[rows][:, left].astype(np.float64)
        fitted = LogisticRegression(C=RIDGE, max_iter=1000).fit(values, came[rows]).coef_[0]
        wrong = fitted * matrix.signs[left]
        if wrong.min() > 0:
            weights[left] = fitted
            break
        left.pop(int(np.argmin(wrong)))
    return weights


def fit_line(scores: np.ndarray, came: np.ndarray) -> tuple[float, float]:
    """Level and slope of the log odds over scores.

    >>> level, slope = fit_line(np.array([0.0] * 4 + [5.0] * 4), np.array([0, 0, 0, 1, 0, 1, 1, 1]))
    >>> round(level, 1), round(slope, 2)
    (-1.1, 0.44)
    """
    middle, spread = scores.mean(), scores.std() or 1.0
    line = LogisticRegression(C=1e6, max_iter=1000).fit(
        ((scores - middle) / spread).reshape(-1, 1), came
    )
    slope = float(line.coef_[0][0] / spread)
    return float(line.intercept_[0] - slope * middle), slope
