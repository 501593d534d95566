"""What belongs here: what is measured of a model, as rows of the table backtest: as_of_date,
segment, metric, value, low, high, leads, outcomes."""

from collections.abc import Callable, Mapping
from datetime import date

import pandas as pd

from orchestration.lib.learned.metrics import (
    TENTHS,
    Interval,
    Measured,
    draw_probability,
    draw_ranking,
    find_bands,
    find_gains,
    has_both,
    measure_probability,
    measure_ranking,
    measure_share,
)

ALL = "all"
WORKED = "worked"
RANKING = ("auc", "average_precision", "lift_10", "gain_20")
PROBABILITY = ("brier", "log_loss", "ece")
# Intervals are drawn by scores of a tenth of a point: no interval is as fine as that.
FINEST = 1

COLUMNS = ["as_of_date", "segment", "metric", "value", "low", "high", "leads", "outcomes"]


def measure_model(
    counts: pd.DataFrame,
    foretold: pd.DataFrame,
    *,
    by_value: Mapping[str, pd.DataFrame],
    as_of: date,
) -> pd.DataFrame:
    """All measures of a model: of each day of `counts`, and under `as_of` of all days together.

    `counts`: as_of_date, lead_group, exact_score, tier, grade, leads, outcomes; `foretold` also
    probability, those rows for which one could be stated on their day; `by_value` by attribute its
    value, lead_group, exact_score, leads, outcomes.
    """
    rows = []
    for day in [*sorted(counts["as_of_date"].unique()), as_of]:
        of_day = counts if day == as_of else counts[counts["as_of_date"] == day]
        said = foretold if day == as_of else foretold[foretold["as_of_date"] == day]
        found = [
            *measure_segment(ALL, of_day),
            *measure_stated(said),
            *measure_tenths(of_day),
            *measure_shares("tier", of_day),
            *measure_shares("grade", of_day),
        ]
        if day == as_of:
            found += measure_worked(of_day)
            found += measure_bands(said)
            for attribute, values in by_value.items():
                for value, of_value in values.groupby("value"):
                    found += measure_segment(f"{attribute}={value}", of_value)
        rows += [{"as_of_date": day, **row} for row in found]
    return pd.DataFrame(rows, columns=COLUMNS)


def make_row(segment: str, metric: str, measured: Measured) -> dict:
    """A row, without its day."""
    return {"segment": segment, "metric": metric, **vars(measured)}


def measure_segment(segment: str, counts: pd.DataFrame) -> list[dict]:
    """Conversion and ranking of some leads."""
    leads, outcomes = int(counts["leads"].sum()), int(counts["outcomes"].sum())
    rows = [make_row(segment, "conversion", measure_share(outcomes, leads))] if leads else []
    exact = counts.assign(score=counts["exact_score"])
    rounded = counts.assign(score=counts["exact_score"].round(FINEST))
    return rows + measure_with_intervals(
        segment, RANKING, exact, measure_ranking, rounded, draw_ranking
    )


def measure_worked(counts: pd.DataFrame) -> list[dict]:
    """Ranking of the leads that sales was to work, where some of these were drawn from below the
    line: each of those stands for as many as were not. Leads that nobody works have their outcome
    more rarely, which makes any line look better than it is."""
    worked = counts[counts["worked_weight"] > 0]
    if not (worked["worked_weight"] > 1).any():
        return []
    weighed = worked.assign(
        leads=worked["leads"] * worked["worked_weight"],
        outcomes=worked["outcomes"] * worked["worked_weight"],
    )
    there = {"leads": int(worked["leads"].sum()), "outcomes": int(worked["outcomes"].sum())}
    return [row | there for row in measure_segment(WORKED, weighed) if row["metric"] in RANKING]


def measure_stated(foretold: pd.DataFrame) -> list[dict]:
    """How true the probabilities were that could be stated."""
    return measure_with_intervals(
        ALL, PROBABILITY, foretold, measure_probability, foretold, draw_probability
    )


def measure_with_intervals(
    segment: str,
    names: tuple[str, ...],
    counts: pd.DataFrame,
    measure: Callable[[pd.DataFrame], dict[str, float]],
    drawn: pd.DataFrame,
    draw: Callable[[pd.DataFrame], dict[str, Interval]],
) -> list[dict]:
    """A row per measure; null where all or none of the leads had their outcome."""
    leads, outcomes = int(counts["leads"].sum()), int(counts["outcomes"].sum())
    can_tell = has_both(counts)
    values = measure(counts) if can_tell else {}
    intervals = draw(drawn) if can_tell else {}
    return [
        make_row(
            segment,
            name,
            Measured(values.get(name), *intervals.get(name, (None, None)), leads, outcomes),
        )
        for name in names
    ]


def measure_tenths(counts: pd.DataFrame) -> list[dict]:
    """Lift and gain of each tenth of the leads by score, the best first: of it and all above."""
    if not counts["outcomes"].sum():
        return []
    gains = find_gains(counts.assign(score=counts["exact_score"]))
    leads, outcomes = int(counts["leads"].sum()), int(counts["outcomes"].sum())
    rows = []
    for tenth, gain in enumerate(gains, start=1):
        reached = (round(leads * tenth / TENTHS), round(outcomes * gain))
        for metric, value in [("gain", gain), ("lift", gain * TENTHS / tenth)]:
            rows.append(
                make_row(f"decile={tenth}", metric, Measured(float(value), None, None, *reached))
            )
    return rows


def measure_shares(column: str, counts: pd.DataFrame) -> list[dict]:
    """The conversion of each tier or grade."""
    return [
        make_row(
            f"{column}={name}",
            "conversion",
            measure_share(int(rows["outcomes"].sum()), int(rows["leads"].sum())),
        )
        for name, rows in counts.groupby(column)
    ]


def measure_bands(foretold: pd.DataFrame) -> list[dict]:
    """What was stated and what came, in bands of about a tenth of the leads by what was stated."""
    if foretold.empty:
        return []
    rows = []
    for band in find_bands(foretold).itertuples():
        segment = f"probability={band.from_probability:.3f}-{band.to_probability:.3f}"
        leads, outcomes = int(band.leads), int(band.outcomes)
        stated = Measured(float(band.expected / band.leads), None, None, leads, outcomes)
        rows += [
            make_row(segment, "stated", stated),
            make_row(segment, "conversion", measure_share(outcomes, leads)),
        ]
    return rows
