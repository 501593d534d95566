"""What belongs here: that what is measured of a model has the rows it should, and that leads drawn
from below the line undo what working only the others does."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from orchestration.lib.learned.measures import measure_model, measure_worked

DAY, AS_OF = date(2026, 3, 31), date(2026, 6, 30)


def make_counts(*, leads=40_000, drawn=0.1, lift=3.0, seed=4):
    """Leads with scores of 0 to 100 that all sell alike once they are worked, `lift` times as often
    as if they are not; from 60 on all are worked, below it a share `drawn`."""
    generator = np.random.default_rng(seed)
    score = generator.integers(0, 101, leads)
    above = score >= 60
    is_worked = above | (generator.random(leads) < drawn)
    chance = np.where(is_worked, 0.15, 0.15 / lift)
    return pd.DataFrame(
        {
            "as_of_date": DAY,
            "lead_group": np.arange(leads) % 100,
            "exact_score": score.astype(float),
            "score": score,
            "tier": np.where(above, "sales", "nurture"),
            "grade": "B2",
            "worked_weight": np.where(above, 1, np.where(is_worked, 1 / drawn, 0)),
            "leads": 1,
            "outcomes": (generator.random(leads) < chance).astype(int),
        }
    )


def test_leads_drawn_from_below_the_line_undo_what_working_the_others_does():
    """A score that says nothing looks good where only its best leads are worked."""
    counts = make_counts()
    assert roc_auc_score(counts["outcomes"], counts["exact_score"]) > 0.6
    rows = {row["metric"]: row for row in measure_worked(counts)}
    assert rows["auc"]["value"] == pytest.approx(0.5, abs=0.02)
    assert rows["auc"]["low"] < 0.5 < rows["auc"]["high"]
    assert rows["auc"]["leads"] == (counts["worked_weight"] > 0).sum()


def test_where_none_was_drawn_nothing_is_said_of_those_who_are_worked():
    counts = make_counts(drawn=0.1)
    above = counts[counts["score"] >= 60]
    assert measure_worked(above) == []


def test_a_model_has_a_row_per_day_segment_and_metric_once():
    counts = make_counts(leads=3000)
    foretold = counts.assign(probability=0.1)
    by_value = {"country": counts.assign(value=np.where(counts["score"] % 2, "DE", "AT"))}
    rows = measure_model(counts, foretold, by_value=by_value, as_of=AS_OF)
    assert not rows.duplicated(["as_of_date", "segment", "metric"]).any()
    assert set(rows["as_of_date"]) == {DAY, AS_OF}
    of_all = rows[(rows["as_of_date"] == AS_OF) & (rows["metric"] == "conversion")]
    shares = of_all.set_index("segment")["value"]
    assert shares["tier=sales"] > shares["tier=nurture"]
    assert {"country=DE", "country=AT", "all"} < set(of_all["segment"])
    assert of_all.loc[of_all["segment"].str.startswith("country="), "leads"].sum() == 3000
