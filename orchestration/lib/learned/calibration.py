"""What belongs here: the probability that a lead has its outcome within the horizon, made of score,
deal stage and activities in the CRM, by what came of the leads of past days.

Counts have a row per as_of_date, lead_group (a set of leads), score, deal_stage_pct and
sales_activities, with leads and outcomes. A curve never falls as one of the three rises: what would
fall is left out. Of a straight curve in the odds (logistic) and one of steps along it (isotonic)
the one is taken that foretold later days better. Where the rate of outcomes has drifted, a curve is
moved to the latest rate.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import product

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from orchestration.lib.learned.metrics import (
    draw_weights,
    find_calibration_error,
    measure_probability,
    measure_share,
    unfold,
)

FEATURES = ["score", "deal_stage_pct", "sales_activities"]
KINDS = ("logistic", "isotonic")
# An interval of a probability is one of fits: fewer draws than of measures will do.
DRAWS = 100
# So little that it bends nothing, and keeps a curve finite where scores part all leads.
PENALTY = 1e4


@dataclass(frozen=True)
class Curve:
    """A probability by score, deal stage and activities: the steepness of each, shape (3,), the
    height, and of the isotonic kind the steps along the sum of these."""

    steepness: np.ndarray
    height: float
    steps: IsotonicRegression | None = None
    # By how much the log-odds are moved, where the rate has drifted.
    moved_by: float = 0.0

    def read(self, rows: pd.DataFrame) -> np.ndarray:
        """The probability of each row, which has FEATURES; shape (rows,)."""
        odds = self.height + rows[FEATURES].to_numpy(dtype=float) @ self.steepness
        if self.steps is not None:
            odds = logit(self.steps.predict(odds))
        return expit(odds + self.moved_by)


@dataclass(frozen=True)
class Minimums:
    """How many leads with their outcome, and without it, a curve takes."""

    outcomes: int
    others: int

    def are_met(self, counts: pd.DataFrame) -> bool:
        """Whether `counts` have as many."""
        outcomes = counts["outcomes"].sum()
        return bool(outcomes >= self.outcomes and counts["leads"].sum() - outcomes >= self.others)


@dataclass(frozen=True)
class Drift:
    """What earlier days let one expect of the latest day, and what came; rates of 0 to 1."""

    day: date
    expected: float
    came: float
    low: float
    high: float

    @property
    def is_there(self) -> bool:
        """Whether they differ by more than chance."""
        return not self.low <= self.expected <= self.high


@dataclass(frozen=True)
class Confidence:
    """The probabilities of a model: `curve` is None where `finding` says that there is too little.
    `foretold`: rows of counts with the probability that was stated for them on their day."""

    kind: str
    curve: Curve | None
    leads: int
    outcomes: int
    foretold: pd.DataFrame
    calibration_error: float | None
    drift: Drift | None
    finding: str | None


def fit(counts: pd.DataFrame, kind: str) -> Curve:
    """A curve through `counts`, some of which had their outcome and some had not."""
    rows = counts.groupby(FEATURES, as_index=False)[["leads", "outcomes"]].sum()
    steepness, height = fit_odds(rows)
    curve = Curve(steepness, height)
    if kind == "logistic":
        return curve
    # Nothing is certain because few leads say so.
    least = 0.5 / rows["leads"].sum()
    steps = IsotonicRegression(y_min=least, y_max=1 - least, out_of_bounds="clip")
    odds = height + rows[FEATURES].to_numpy(dtype=float) @ steepness
    steps.fit(odds, rows["outcomes"] / rows["leads"], sample_weight=rows["leads"])
    return replace(curve, steps=steps)


def fit_odds(rows: pd.DataFrame) -> tuple[np.ndarray, float]:
    """The steepness of each of FEATURES, none below 0, and the height of a logistic curve."""
    used = [name for name in FEATURES if rows[name].nunique() > 1]
    while used:
        spread = {name: rows[name].std(ddof=0) for name in used}
        came, row, leads = unfold(rows.assign(row=range(len(rows))), "row")
        scaled = (rows[used] / pd.Series(spread)).to_numpy(dtype=float)[row.astype(int)]
        model = LogisticRegression(C=PENALTY, solver="newton-cholesky").fit(
            scaled, came, sample_weight=leads
        )
        if model.coef_[0].min() >= 0:
            found = dict(zip(used, model.coef_[0] / pd.Series(spread).to_numpy(), strict=True))
            steepness = np.array([found.get(name, 0.0) for name in FEATURES])
            return steepness, float(model.intercept_[0])
        used.pop(int(model.coef_[0].argmin()))
    return np.zeros(len(FEATURES)), float(logit(rows["outcomes"].sum() / rows["leads"].sum()))


def find_drift(counts: pd.DataFrame, *, kind: str, minimums: Minimums) -> Drift | None:
    """Whether the latest day of `counts` came as the earlier ones let one expect; None where those
    are too few."""
    latest = counts["as_of_date"].max()
    earlier = counts[counts["as_of_date"] < latest]
    if not minimums.are_met(earlier):
        return None
    rows = counts[counts["as_of_date"] == latest]
    leads = int(rows["leads"].sum())
    expected = float((fit(earlier, kind).read(rows) * rows["leads"]).sum() / leads)
    came = measure_share(int(rows["outcomes"].sum()), leads)
    return Drift(latest, expected, came.value, came.low, came.high)


def move(curve: Curve, rows: pd.DataFrame) -> Curve:
    """The curve moved, so that it expects of `rows` what came of them."""
    outcomes = min(max(rows["outcomes"].sum(), 0.5), rows["leads"].sum() - 0.5)

    def miss(moved_by: float) -> float:
        return (replace(curve, moved_by=moved_by).read(rows) * rows["leads"]).sum() - outcomes

    return replace(curve, moved_by=float(brentq(miss, -30, 30)))


def fit_as_known(counts: pd.DataFrame, *, kind: str, drift: Drift | None) -> Curve:
    """A curve through `counts`, moved to the latest day where that has drifted."""
    curve = fit(counts, kind)
    if drift is None or not drift.is_there:
        return curve
    return move(curve, counts[counts["as_of_date"] == drift.day])


def foretell(
    counts: pd.DataFrame, *, kind: str, horizon_days: int, minimums: Minimums
) -> pd.DataFrame:
    """The rows of `counts` of each day on which enough had come, with the `probability` that would
    have been stated then: by the days whose horizon had ended."""
    horizon = timedelta(days=horizon_days)
    found = []
    for day in sorted(counts["as_of_date"].unique()):
        known = counts[counts["as_of_date"] + horizon <= day]
        if minimums.are_met(known):
            drift = find_drift(known, kind=kind, minimums=minimums)
            rows = counts[counts["as_of_date"] == day]
            curve = fit_as_known(known, kind=kind, drift=drift)
            found.append(rows.assign(probability=curve.read(rows)))
    return pd.concat(found) if found else counts.iloc[:0].assign(probability=0.0)


def find_confidence(counts: pd.DataFrame, *, horizon_days: int, minimums: Minimums) -> Confidence:
    """The probabilities of a model by `counts`, all of whose horizons have ended."""
    leads, outcomes = int(counts["leads"].sum()), int(counts["outcomes"].sum())
    if not minimums.are_met(counts):
        finding = describe_lack(leads=leads, outcomes=outcomes, minimums=minimums)
        empty = counts.iloc[:0].assign(probability=0.0)
        return Confidence("too_few", None, leads, outcomes, empty, None, None, finding)
    by_kind = {
        kind: foretell(counts, kind=kind, horizon_days=horizon_days, minimums=minimums)
        for kind in KINDS
    }
    losses = {
        kind: measure_probability(rows)["log_loss"] for kind, rows in by_kind.items() if len(rows)
    }
    kind = min(losses, key=losses.get) if losses else KINDS[0]
    drift = find_drift(counts, kind=kind, minimums=minimums)
    foretold = by_kind[kind]
    return Confidence(
        kind,
        fit_as_known(counts, kind=kind, drift=drift),
        leads,
        outcomes,
        foretold,
        find_calibration_error(foretold) if len(foretold) else None,
        drift,
        describe_drift(drift) if drift and drift.is_there else None,
    )


def describe_lack(*, leads: int, outcomes: int, minimums: Minimums) -> str:
    """What is missing for a probability.

    >>> describe_lack(leads=100, outcomes=12, minimums=Minimums(40, 40))
    'No probability is stated: it takes 28 more leads with their outcome (12 of 40).'
    """
    lacks = [
        f"{needed - there:,} more leads {words} ({there:,} of {needed:,})"
        for there, needed, words in [
            (outcomes, minimums.outcomes, "with their outcome"),
            (leads - outcomes, minimums.others, "without it"),
        ]
        if there < needed
    ]
    return f"No probability is stated: it takes {' and '.join(lacks)}."


def describe_drift(drift: Drift) -> str:
    """That the rate has drifted, and what was done about it."""
    direction = "more" if drift.came > drift.expected else "fewer"
    return (
        f"Of the leads of {drift.day} {drift.came:.1%} had their outcome, {direction} than the "
        f"{drift.expected:.1%} that earlier days let one expect: probabilities are moved to the "
        "latest rate."
    )


def draw_curve(
    confidence: Confidence, counts: pd.DataFrame, *, stages: Sequence[int], activities: int
) -> pd.DataFrame:
    """The probability at every whole score that was seen, each of `stages` and 0, and up to so many
    activities: score, deal_stage_pct, sales_activities, probability, low, high. Intervals by
    drawing the leads of `counts` anew."""
    scores = range(int(counts["score"].min()), int(counts["score"].max()) + 1)
    grid = pd.DataFrame(
        product(scores, sorted({0, *stages}), range(activities + 1)), columns=FEATURES
    )
    probability = confidence.curve.read(grid)
    drawn = np.array(
        [
            fit_as_known(rows, kind=confidence.kind, drift=confidence.drift).read(grid)
            for rows in draw_leads(counts)
        ]
    )
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    return grid.assign(
        probability=probability,
        low=np.minimum(low, probability),
        high=np.maximum(high, probability),
    )


def draw_leads(counts: pd.DataFrame) -> list[pd.DataFrame]:
    """`counts` as they are when leads are drawn anew, those draws that have both kinds."""
    groups, group = np.unique(counts["lead_group"], return_inverse=True)
    found = []
    for times in draw_weights(len(groups), draws=DRAWS)[:, group]:
        rows = counts.assign(leads=counts["leads"] * times, outcomes=counts["outcomes"] * times)[
            times > 0
        ]
        if 0 < rows["outcomes"].sum() < rows["leads"].sum():
            found.append(rows)
    return found
