"""What belongs here: that the measures of many draws at once are scikit-learn's, and that their
intervals are as wide as chance is."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

from orchestration.lib.learned import metrics

COUNTS = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=12
)


def counts_of(rows, column="score", divided_by=1):
    frame = pd.DataFrame(rows, columns=[column, "outcomes", "others"])
    frame["leads"] = frame["outcomes"] + frame["others"]
    frame[column] /= divided_by
    return frame[frame["leads"] > 0]


@settings(max_examples=150, deadline=None)
@given(COUNTS)
def test_a_draw_of_everybody_has_scikit_learns_ranking(rows):
    counts = counts_of(rows)
    if not metrics.has_both(counts):
        return
    once = counts.groupby("score")[["leads", "outcomes"]].sum().sort_index(ascending=False)
    leads, outcomes = (once[name].to_numpy(dtype=float)[None, :] for name in once)
    drawn = {name: values[0] for name, values in metrics.rank(leads, outcomes).items()}
    assert drawn == pytest.approx(metrics.measure_ranking(counts))


@settings(max_examples=150, deadline=None)
@given(COUNTS)
def test_a_draw_of_everybody_has_scikit_learns_losses(rows):
    counts = counts_of(rows, "probability", divided_by=6)
    if not metrics.has_both(counts):
        return
    once = counts.groupby("probability", as_index=False)[["leads", "outcomes"]].sum()
    leads, outcomes = (once[name].to_numpy(dtype=float)[None, :] for name in ("leads", "outcomes"))
    drawn = metrics.score(
        leads, outcomes, once["probability"].to_numpy(), metrics.place_in_bands(once)
    )
    assert {name: values[0] for name, values in drawn.items()} == pytest.approx(
        metrics.measure_probability(counts)
    )


def test_counts_say_what_one_row_a_lead_says():
    generator = np.random.default_rng(3)
    said = generator.integers(0, 20, 500) / 20
    came = (generator.random(500) < said).astype(int)
    leads = pd.DataFrame({"score": said, "probability": said, "outcomes": came, "leads": 1})
    counts = leads.groupby(["score", "probability"], as_index=False).sum()
    ranking, losses = metrics.measure_ranking(counts), metrics.measure_probability(counts)
    assert ranking["auc"] == pytest.approx(roc_auc_score(came, said))
    assert ranking["average_precision"] == pytest.approx(average_precision_score(came, said))
    assert losses["log_loss"] == pytest.approx(log_loss(came, said))
    assert losses["brier"] == pytest.approx(np.mean((said - came) ** 2))


def test_gains_of_a_perfect_score_and_of_none():
    perfect = pd.DataFrame({"score": [1, 0], "leads": [20, 80], "outcomes": [20, 0]})
    assert metrics.find_gains(perfect) == pytest.approx([0.5, *[1] * 9])
    same = pd.DataFrame({"score": [1], "leads": [100], "outcomes": [20]})
    assert metrics.find_gains(same) == pytest.approx(np.arange(1, 11) / 10)


def test_intervals_by_lead_are_wider_than_by_row():
    """The same leads on four days tell no more than on one."""
    generator = np.random.default_rng(5)
    group = np.arange(400)
    score = generator.normal(size=400).round(1)
    came = (generator.random(400) < 1 / (1 + np.exp(1 - score))).astype(int)
    once = pd.DataFrame({"lead_group": group, "score": score, "leads": 1, "outcomes": came})
    four_times = pd.concat([once] * 4)
    as_if_others = four_times.assign(lead_group=np.arange(1600))
    widths = [
        np.diff(metrics.draw_ranking(counts)["auc"])[0]
        for counts in (once, four_times, as_if_others)
    ]
    assert widths[1] == pytest.approx(widths[0])
    assert widths[2] == pytest.approx(widths[0] / 2, rel=0.25)
    auc = metrics.measure_ranking(once)["auc"]
    low, high = metrics.draw_ranking(once)["auc"]
    # Hanley and McNeil's standard error of an AUC.
    outcomes, others = came.sum(), 400 - came.sum()
    first, second = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    error = np.sqrt(
        (auc * (1 - auc) + (outcomes - 1) * (first - auc**2) + (others - 1) * (second - auc**2))
        / (outcomes * others)
    )
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.2)
