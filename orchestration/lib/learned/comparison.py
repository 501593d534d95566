"""What belongs here: how good a learned book is on rows that nobody has learned from, beside the
book written by hand, logistic regression, boosting and the log odds of each band; and whether what
came is what was expected."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from orchestration.lib.learned.backtest import LEAD_GROUPS
from orchestration.lib.learned.candidates import History, Matrix, find_steps
from orchestration.lib.learned.learning import Book, fit_line
from orchestration.lib.learned.metrics import (
    Z,
    draw_auc,
    find_calibration_error,
    find_interval,
)

# What draws small groups towards no points, in the book of log odds per band.
ADDED_OUTCOMES = 5

LEARNED = "learned rule book"
BY_HAND = "rule book written by hand"


@dataclass(frozen=True)
class Judgement:
    """How good one way to score is: AUC with its interval, the expected calibration error, how many
    rules it has (None where it has none), and by how much its AUC is above that of the learned
    book, with the interval of the difference."""

    name: str
    auc: float
    low: float
    high: float
    calibration_error: float
    rules: int | None
    ahead: float
    ahead_low: float
    ahead_high: float

    @property
    def is_better(self) -> bool:
        """Whether it is above the learned book by more than chance."""
        return self.ahead_low > 0


@dataclass(frozen=True)
class Period:
    """A month, or all of a part: how many rows, how many outcomes came, how many the book expected
    and within which interval they would lie by chance. `is_judged` where nothing was learned from
    it."""

    name: str
    rows: int
    came: int
    expected: float
    low: float
    high: float
    is_judged: bool

    @property
    def has_drifted(self) -> bool:
        """Whether what came lies outside what chance allows."""
        return not self.low <= self.came <= self.high


@threadpool_limits.wrap(limits=1)
def compare(
    history: History,
    matrix: Matrix,
    book: Book,
    *,
    learned: np.ndarray,
    judged: np.ndarray,
    rules_by_hand: int,
    seed: int,
) -> list[Judgement]:
    """A judgement per way to score, the learned book first: fitted on the rows `learned`, judged
    on the rows `judged` (both are masks)."""
    came = history.came_by_then[learned]
    scores = {
        LEARNED: book.score(matrix.values),
        BY_HAND: history.scores,
        "log odds per band": score_by_bands(history, matrix, rows=learned),
    }
    chances = {
        name: calibrate(column[learned], came, column[judged]) for name, column in scores.items()
    }
    chances[LEARNED] = book.expect(scores[LEARNED][judged])
    logistic = LogisticRegression(C=1.0, max_iter=2000).fit(matrix.values[learned], came)
    chances["logistic regression"] = logistic.predict_proba(matrix.values[judged])[:, 1]
    chances["gradient boosting"] = boost(history, learned=learned, judged=judged, seed=seed)
    rules = {LEARNED: len(book.points), BY_HAND: rules_by_hand}
    ranks = {
        name: scores[name][judged] if name in scores else chance for name, chance in chances.items()
    }
    return judge_all(ranks, chances, history.came[judged], leads=history.leads[judged], rules=rules)


def judge_all(
    ranks: Mapping[str, np.ndarray],
    chances: Mapping[str, np.ndarray],
    came: np.ndarray,
    *,
    leads: np.ndarray,
    rules: Mapping[str, int],
) -> list[Judgement]:
    """A judgement per name of `ranks`, which are scores of the same rows; intervals by drawing
    groups of leads, with all their rows, as those of a back-test."""
    rows = pd.DataFrame({"lead_group": leads % LEAD_GROUPS, "leads": 1, "outcomes": came})
    drawn = {name: draw_auc(rows.assign(score=rank)) for name, rank in ranks.items()}
    base = float(roc_auc_score(came, ranks[LEARNED]))
    judgements = []
    for name, rank in ranks.items():
        auc = float(roc_auc_score(came, rank))
        low, high = find_interval(auc, drawn[name])
        ahead_low, ahead_high = find_interval(auc - base, drawn[name] - drawn[LEARNED])
        judgements.append(
            Judgement(
                name=name,
                auc=auc,
                low=low,
                high=high,
                calibration_error=find_calibration_error(
                    pd.DataFrame({"probability": chances[name], "leads": 1, "outcomes": came})
                ),
                rules=rules.get(name),
                ahead=auc - base,
                ahead_low=ahead_low,
                ahead_high=ahead_high,
            )
        )
    return judgements


def calibrate(scores: np.ndarray, came: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """The chance at each of the scores `asked`, by what came at `scores`."""
    level, slope = fit_line(scores.astype(np.float64), came)
    return 1 / (1 + np.exp(-(level + slope * asked.astype(np.float64))))


def boost(history: History, *, learned: np.ndarray, judged: np.ndarray, seed: int) -> np.ndarray:
    """The chances of gradient boosting on what is known as it is known, without candidates."""
    columns = [
        column.numbers
        if column.numbers is not None
        else np.where(column.codes < 0, np.nan, column.codes)
        for column in history.columns
    ] + [history.activities[key] for key in sorted(history.activities, key=str)]
    values = np.column_stack(columns).astype(np.float32)
    model = HistGradientBoostingClassifier(
        learning_rate=0.05,
        max_iter=150,
        max_leaf_nodes=15,
        categorical_features=[column.numbers is None for column in history.columns]
        + [False] * len(history.activities),
        random_state=seed,
        early_stopping=False,
    )
    model.fit(values[learned], history.came_by_then[learned])
    return model.predict_proba(values[judged])[:, 1]


def score_by_bands(history: History, matrix: Matrix, *, rows: np.ndarray) -> np.ndarray:
    """The score of the simple book: each band of an attribute, each value and each activity that
    happened has the log of outcomes over expected ones, whatever the others say."""
    came = history.came_by_then[rows].astype(np.float64)
    score = np.zeros(len(history.days))
    for bands in list_bands(history, matrix):
        count = int(bands.max()) + 1
        had = np.bincount(bands[rows], weights=came, minlength=count) + ADDED_OUTCOMES
        met = np.bincount(bands[rows], minlength=count)
        score += np.log2(had / (met * came.mean() + ADDED_OUTCOMES))[bands]
    return score


def list_bands(history: History, matrix: Matrix) -> Iterator[np.ndarray]:
    """Per attribute, and per activity that is a candidate, the number of each row's band."""
    for column in history.columns:
        if column.numbers is None:
            yield column.codes + 1
        else:
            steps = find_steps(column.numbers)
            yield np.where(
                column.is_missing, 0, 1 + np.searchsorted(steps, column.numbers, "right")
            )
    for place, candidate in enumerate(matrix.candidates):
        if candidate.kind == "activity":
            yield (matrix.values[:, place] > 0).astype(np.int64)


def count_periods(
    history: History, chances: np.ndarray, *, learned: np.ndarray, judged: np.ndarray
) -> list[Period]:
    """A period per month and one for all that is judged: what came beside what was expected."""
    months = history.days.astype("datetime64[M]")
    periods = []
    for is_judged, part in ((False, learned), (True, judged)):
        came = history.came if is_judged else history.came_by_then
        for month in np.unique(months[part]):
            rows = part & (months == month)
            periods.append(
                count_period(str(month), came[rows], chances[rows], history.leads[rows], is_judged)
            )
    rows = judged
    periods.append(
        count_period(
            "all months judged", history.came[rows], chances[rows], history.leads[rows], True
        )
    )
    return periods


def count_period(
    name: str, came: np.ndarray, chances: np.ndarray, leads: np.ndarray, is_judged: bool
) -> Period:
    """One period. The same lead on several days is one piece of luck and not several: chance is
    reckoned by lead."""
    _, lead_of_row = np.unique(leads, return_inverse=True)
    miss = np.bincount(lead_of_row, weights=came - chances)
    by_lead = ((miss - miss.mean()) ** 2).sum()
    reach = Z * np.sqrt(max(float((chances * (1 - chances)).sum()), float(by_lead)))
    expected = float(chances.sum())
    return Period(
        name=name,
        rows=len(came),
        came=int(came.sum()),
        expected=expected,
        low=expected - reach,
        high=expected + reach,
        is_judged=is_judged,
    )
