"""What belongs here: that probabilities are true out of time, never fall as a score rises, follow a
rate that drifts, and are refused where there is too little."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from orchestration.lib.learned.calibration import (
    FEATURES,
    KINDS,
    Minimums,
    draw_curve,
    find_confidence,
    fit,
)
from orchestration.lib.learned.metrics import find_calibration_error

FIRST = date(2026, 1, 31)
MINIMUMS = Minimums(40, 40)


def make_counts(*, days=6, leads=1500, seed=1, height=-4.0, drift=0.0, steepness=0.05):
    """Leads whose log-odds are height + steepness × score + 0.02 × stage, and `drift` more each
    day."""
    generator = np.random.default_rng(seed)
    found = []
    for number in range(days):
        score = generator.integers(0, 101, leads)
        stage = generator.choice([0, 20, 50], leads, p=[0.8, 0.1, 0.1])
        odds = height + steepness * score + 0.02 * stage + drift * number
        found.append(
            pd.DataFrame(
                {
                    "as_of_date": FIRST + timedelta(days=30 * number),
                    "lead_group": np.arange(leads) % 100,
                    "score": score,
                    "deal_stage_pct": stage,
                    "sales_activities": generator.integers(0, 3, leads),
                    "leads": 1,
                    "outcomes": (generator.random(leads) < expit(odds)).astype(int),
                }
            )
        )
    return pd.concat(found, ignore_index=True)


def test_probabilities_of_later_days_come_true():
    counts = make_counts()
    found = find_confidence(counts, horizon_days=30, minimums=MINIMUMS)
    assert found.foretold["as_of_date"].nunique() == 5
    assert found.kind == "logistic"
    assert found.calibration_error <= 0.02
    assert not found.drift.is_there and found.finding is None
    assert found.curve.steepness[:2] == pytest.approx([0.05, 0.02], abs=0.005)


def test_what_was_not_known_yet_foretells_nothing():
    """A day is foretold by days whose horizon had ended by then alone."""
    counts = make_counts()
    later = counts["as_of_date"] > FIRST + timedelta(days=60)
    turned = counts.assign(
        outcomes=counts["outcomes"].where(~later, counts["leads"] - counts["outcomes"])
    )
    day = FIRST + timedelta(days=90)
    stated = [
        found.foretold.loc[found.foretold["as_of_date"] == day, "probability"].to_numpy()
        for found in (
            find_confidence(rows, horizon_days=30, minimums=MINIMUMS) for rows in (counts, turned)
        )
    ]
    assert len(stated[0]) == 1500
    assert stated[0] == pytest.approx(stated[1])


def test_a_rate_that_drifts_is_seen_and_followed():
    counts = make_counts(drift=0.7, height=-6.0)
    found = find_confidence(counts, horizon_days=30, minimums=MINIMUMS)
    latest = counts[counts["as_of_date"] == found.drift.day]
    assert found.drift.is_there and found.drift.came > found.drift.expected
    assert "more than the" in found.finding and "moved to the latest rate" in found.finding
    expected = (found.curve.read(latest) * latest["leads"]).sum()
    assert expected == pytest.approx(latest["outcomes"].sum())
    still = fit(counts, found.kind).read(latest)
    errors = [
        find_calibration_error(latest.assign(probability=said))
        for said in (still, found.curve.read(latest))
    ]
    assert errors[1] < errors[0] / 4


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(KINDS), st.floats(-0.1, 0.1))
def test_no_probability_falls_as_score_stage_or_activities_rise(seed, kind, steepness):
    counts = make_counts(days=2, leads=300, seed=seed, height=0.0, steepness=steepness)
    curve = fit(counts, kind)
    row = {"score": 50, "deal_stage_pct": 20, "sales_activities": 1}
    for name, values in zip(FEATURES, (range(-10, 120), (0, 20, 50, 100), range(6)), strict=True):
        said = curve.read(pd.DataFrame([row | {name: value} for value in values]))
        assert np.diff(said).min() >= -1e-12
        assert ((said >= 0) & (said <= 1)).all()


def test_too_few_outcomes_are_said_in_numbers():
    counts = make_counts(days=1, leads=60, height=-1.0)
    found = find_confidence(counts, horizon_days=30, minimums=Minimums(200, 1))
    assert found.curve is None and found.kind == "too_few"
    there = counts["outcomes"].sum()
    assert found.finding == (
        f"No probability is stated: it takes {200 - there} more leads with their outcome "
        f"({there} of 200)."
    )


def test_steps_are_taken_where_they_foretell_better():
    counts = make_counts(leads=4000)
    step = np.random.default_rng(9).random(len(counts)) < np.where(counts["score"] > 70, 0.5, 0.02)
    found = find_confidence(
        counts.assign(outcomes=step.astype(int)), horizon_days=30, minimums=MINIMUMS
    )
    assert found.kind == "isotonic"
    low, high = found.curve.read(
        pd.DataFrame({"score": [60, 80], "deal_stage_pct": 0, "sales_activities": 0})
    )
    assert low == pytest.approx(0.02, abs=0.01) and high == pytest.approx(0.5, abs=0.05)


def test_the_curve_of_every_score_holds_its_interval():
    counts = make_counts(days=3, leads=800, seed=2)
    found = find_confidence(counts, horizon_days=30, minimums=MINIMUMS)
    curve = draw_curve(found, counts, stages=[20, 50], activities=2)
    assert len(curve) == 101 * 3 * 3
    assert (curve["low"] <= curve["probability"]).all()
    assert (curve["probability"] <= curve["high"]).all()
    # Narrow where there are many leads, and around what is true.
    row = curve[(curve["score"] == 50) & (curve["deal_stage_pct"] == 0)].iloc[0]
    assert row["low"] < expit(-4 + 2.5) < row["high"]
    assert 0.01 < row["high"] - row["low"] < 0.1
