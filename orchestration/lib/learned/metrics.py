"""What belongs here: how well scores and probabilities foretold what came.

scikit-learn computes the measures; leads with the same score, or probability, are one row with
their number (leads) and how many had their outcome (outcomes). Intervals come from drawing the
leads anew. A lead belongs to one group (`lead_group`) on all its days: to draw groups is to draw
leads with all of their days. For the hundreds of draws the same measures are computed at once, for
all of them side by side.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn import metrics

DRAWS = 400
# So that the same leads have the same intervals whenever they are asked about.
SEED = 1
TENTHS = 10

# Of a normal distribution 95 % lie within so many standard deviations, as in macros/statistics.sql.
Z = 1.959963984540054

Interval = tuple[float, float]


@dataclass(frozen=True)
class Measured:
    """A measure with its 95 % interval (None: there is none) and how many leads and outcomes it is
    made of."""

    value: float | None
    low: float | None
    high: float | None
    leads: int
    outcomes: int


def measure_share(outcomes: int, leads: int) -> Measured:
    """The share with Wilson's 95 % interval of it; `leads` above 0.

    >>> found = measure_share(5, 10)
    >>> found.value, round(found.low, 4), round(found.high, 4)
    (0.5, 0.2366, 0.7634)
    """
    middle = outcomes + Z * Z / 2
    spread = Z * np.sqrt(outcomes * (leads - outcomes) / leads + Z * Z / 4)
    low, high = (float((middle + sign * spread) / (leads + Z * Z)) for sign in (-1, 1))
    return Measured(outcomes / leads, max(0.0, low), min(1.0, high), leads, outcomes)


def has_both(counts: pd.DataFrame) -> bool:
    """Whether some leads had their outcome and some had not."""
    return bool(0 < counts["outcomes"].sum() < counts["leads"].sum())


def unfold(counts: pd.DataFrame, column: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Counts as scikit-learn takes them: what came (1 or 0), what `column` said and how many leads
    that are, shape (rows,) each, a row for those with their outcome and one for those without."""
    said = np.tile(counts[column].to_numpy(dtype=float), 2)
    outcomes = counts["outcomes"].to_numpy(dtype=float)
    leads = np.concatenate([outcomes, counts["leads"].to_numpy(dtype=float) - outcomes])
    came = np.repeat([1, 0], len(counts))
    return came[leads > 0], said[leads > 0], leads[leads > 0]


def measure_ranking(counts: pd.DataFrame) -> dict[str, float]:
    """auc, average_precision, lift_10 (conversion of the best tenth of the leads over that of all)
    and gain_20 (share of all outcomes that the best fifth has) of the `score` of `counts`, which
    have both.

    >>> measure_ranking(pd.DataFrame({"score": [9, 5, 1], "leads": [1, 2, 7],
    ...                               "outcomes": [1, 1, 0]}))["lift_10"]
    5.0
    """
    came, said, leads = unfold(counts, "score")
    gain = find_gains(counts)
    return {
        "auc": float(metrics.roc_auc_score(came, said, sample_weight=leads)),
        "average_precision": float(
            metrics.average_precision_score(came, said, sample_weight=leads)
        ),
        "lift_10": float(gain[0] * TENTHS),
        "gain_20": float(gain[1]),
    }


def find_gains(counts: pd.DataFrame) -> np.ndarray:
    """The share of all outcomes that the best tenth of the leads has, the best two tenths …, shape
    (10,). Of leads with one score, some in one tenth and some in the next, each has its share."""
    best = counts.groupby("score")[["leads", "outcomes"]].sum().sort_index(ascending=False)
    return gains_of(best["leads"].to_numpy(dtype=float), best["outcomes"].to_numpy(dtype=float))


def gains_of(leads: np.ndarray, outcomes: np.ndarray) -> np.ndarray:
    """The same of leads and outcomes by score, the highest first."""
    ends = leads.sum() * np.arange(1, TENTHS + 1) / TENTHS
    reached = np.interp(ends, np.append(0, leads.cumsum()), np.append(0, outcomes.cumsum()))
    return reached / outcomes.sum()


def measure_probability(counts: pd.DataFrame) -> dict[str, float]:
    """brier, log_loss and ece of the `probability` of `counts`."""
    came, said, leads = unfold(counts, "probability")
    return {
        "brier": float(metrics.brier_score_loss(came, said, sample_weight=leads)),
        "log_loss": float(metrics.log_loss(came, said, sample_weight=leads, labels=[0, 1])),
        "ece": find_calibration_error(counts),
    }


def find_bands(counts: pd.DataFrame) -> pd.DataFrame:
    """`counts` in bands of about a tenth of the leads by their `probability`, the lowest first:
    from_probability, to_probability, leads, outcomes, expected (the sum of the probabilities).
    Leads of one probability are in one band."""
    rows = counts.assign(expected=counts["probability"] * counts["leads"])
    return (
        rows.assign(band=place_in_bands(rows))
        .groupby("band")
        .agg(
            from_probability=("probability", "min"),
            to_probability=("probability", "max"),
            leads=("leads", "sum"),
            outcomes=("outcomes", "sum"),
            expected=("expected", "sum"),
        )
    )


def place_in_bands(counts: pd.DataFrame) -> np.ndarray:
    """The band of each row, 0 to 9, shape (rows,)."""
    said, row = np.unique(counts["probability"].to_numpy(dtype=float), return_inverse=True)
    leads = np.bincount(row, counts["leads"].to_numpy(dtype=float), minlength=len(said))
    middle = leads.cumsum() - leads / 2
    return np.minimum((middle / leads.sum() * TENTHS).astype(int), TENTHS - 1)[row]


def find_calibration_error(counts: pd.DataFrame) -> float:
    """The expected calibration error: how far what was said is from what came, on average over
    bands of a tenth of the leads.

    >>> round(find_calibration_error(pd.DataFrame({"probability": [0.1, 0.5], "leads": [10, 10],
    ...                                            "outcomes": [2, 5]})), 6)
    0.05
    """
    bands = find_bands(counts)
    return float((bands["expected"] - bands["outcomes"]).abs().sum() / bands["leads"].sum())


def draw_weights(groups: int, *, draws: int = DRAWS) -> np.ndarray:
    """How often each of `groups` is drawn, shape (draws, groups)."""
    return np.random.default_rng(SEED).multinomial(groups, np.full(groups, 1 / groups), draws)


def draw_ranking(counts: pd.DataFrame, *, draws: int = DRAWS) -> dict[str, Interval]:
    """95 % intervals of what `measure_ranking` says of `counts`, by lead_group."""
    leads, outcomes, _ = draw(counts, "score", draws=draws)
    return intervals_of(rank(leads[:, ::-1], outcomes[:, ::-1]))


def draw_auc(counts: pd.DataFrame, *, draws: int = DRAWS) -> np.ndarray:
    """The AUC of each draw that has both, shape (draws,). Scores of the same leads are drawn alike,
    so that their draws may be compared one by one."""
    leads, outcomes, _ = draw(counts, "score", draws=draws)
    return rank(leads[:, ::-1], outcomes[:, ::-1])["auc"]


def find_interval(value: float, drawn: np.ndarray) -> Interval:
    """The middle 95 % of the draws; what is rounded for them must not put the value outside."""
    low, high = np.quantile(drawn, [0.025, 0.975])
    return min(value, float(low)), max(value, float(high))


def rank(leads: np.ndarray, outcomes: np.ndarray) -> dict[str, np.ndarray]:
    """The measures of a ranking for many draws: leads and outcomes by score, the highest first,
    shape (draws, scores); of each measure shape (draws,)."""
    others = leads - outcomes
    total, none = outcomes.sum(axis=1), others.sum(axis=1)
    so_far = outcomes.cumsum(axis=1)
    among = np.maximum(leads.cumsum(axis=1), 1)
    gain = np.array([gains_of(*pair) for pair in zip(leads, outcomes, strict=True)])
    return {
        "auc": ((so_far - outcomes / 2) * others).sum(axis=1) / (total * none),
        "average_precision": (outcomes * so_far / among).sum(axis=1) / total,
        "lift_10": gain[:, 0] * TENTHS,
        "gain_20": gain[:, 1],
    }


def draw_probability(counts: pd.DataFrame, *, draws: int = DRAWS) -> dict[str, Interval]:
    """95 % intervals of what `measure_probability` says of `counts`, by lead_group."""
    leads, outcomes, said = draw(counts, "probability", draws=draws)
    everyone = counts.groupby("probability", as_index=False)[["leads", "outcomes"]].sum()
    return intervals_of(score(leads, outcomes, said, place_in_bands(everyone)))


def score(
    leads: np.ndarray, outcomes: np.ndarray, said: np.ndarray, bands: np.ndarray
) -> dict[str, np.ndarray]:
    """The measures of a probability for many draws: leads and outcomes by probability, shape
    (draws, probabilities), what was `said` and the band of each, shape (probabilities,)."""
    others, total = leads - outcomes, leads.sum(axis=1)
    smallest = np.finfo(float).eps
    held = np.clip(said, smallest, 1 - smallest)
    apart = (leads * said - outcomes) @ np.eye(TENTHS)[bands]
    return {
        "brier": (outcomes @ (1 - said) ** 2 + others @ said**2) / total,
        "log_loss": -(outcomes @ np.log(held) + others @ np.log(1 - held)) / total,
        "ece": np.abs(apart).sum(axis=1) / total,
    }


def draw(
    counts: pd.DataFrame, column: str, *, draws: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Leads and outcomes by the values of `column`, the lowest first, for each draw that has both,
    shape (draws, values), and the values, shape (values,)."""
    groups, group = np.unique(counts["lead_group"], return_inverse=True)
    values, value = np.unique(counts[column].to_numpy(dtype=float), return_inverse=True)
    of_groups = []
    for name in ("leads", "outcomes"):
        table = np.zeros((len(groups), len(values)))
        np.add.at(table, (group, value), counts[name].to_numpy(dtype=float))
        of_groups.append(draw_weights(len(groups), draws=draws) @ table)
    leads, outcomes = of_groups
    found = outcomes.sum(axis=1)
    usable = (found > 0) & (found < leads.sum(axis=1))
    return leads[usable], outcomes[usable], values


def intervals_of(drawn: dict[str, np.ndarray]) -> dict[str, Interval]:
    """The middle 95 % of the draws of each measure; empty where there is none."""
    return {
        name: tuple(float(end) for end in np.quantile(values, [0.025, 0.975]))
        for name, values in drawn.items()
        if len(values)
    }
