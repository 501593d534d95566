"""What belongs here: that a back-test says of the sample what scikit-learn says of its rows, finds
the relation that is hidden in it, names what leaks, and that promises and probabilities are made of
its counts."""

import io
import shutil
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from dbt_runs import copy_shipped_rules
from sklearn.metrics import average_precision_score, roc_auc_score

from orchestration.lib.basics.settings import PROJECT_ROOT, load_settings
from orchestration.lib.learned.backtest import back_test, choose_days
from orchestration.lib.learned.findings import answer_tested

SAMPLE = PROJECT_ROOT / "samples" / "raw"
AS_OF = "2026-06-30"
DAYS = ["2025-12-31", "2026-01-31", "2026-02-28", "2026-03-31"]
MODEL = "b2b_software"

# Leads with an opportunity of their own, and the day after the first.
WINNERS = """
select lead_id, min(created_at) + interval 1 day as after
from read_parquet('{raw}/crm/opportunities.parquet')
where lead_id is not null
group by all
"""

# A field that only winners have, and one that says it is older than the outcome that it follows.
PLANTED = """
create temp table planted as
select * from read_parquet('{raw}/crm/lead_attributes.parquet')
union all by name
select lead_id, 'contract_number' as attribute, 'C' || lead_id as value, after as updated_at,
    after as _loaded_at
from winners
union all by name
select lead_id, 'backfilled_interest' as attribute, 'high' as value,
    timestamp '2024-01-01' as updated_at, after as _loaded_at
from winners;
copy planted to '{raw}/crm/lead_attributes.parquet' (format parquet);
"""

# What happens to winners after the outcome, and to others at any time.
LATE_ACTIVITY = """
create temp table activities as
select * from read_parquet('{raw}/crm/activities.parquet')
where
    activity_type is distinct from 'product_review'
    or lead_id not in (select lead_id from winners)
union all by name
select 'late-' || lead_id as activity_id, lead_id, 'product_review' as activity_type,
    after as occurred_at, after as _loaded_at
from winners;
copy activities to '{raw}/crm/activities.parquet' (format parquet);
"""


@pytest.fixture(scope="module")
def tested(tmp_path_factory):
    """The back-test of four days of the sample with three leaks planted: what it returned, the
    warehouse that it was kept in, and the copy in which it scored."""
    folder = tmp_path_factory.mktemp("backtest")
    raw = Path(shutil.copytree(SAMPLE, folder / "raw"))
    with duckdb.connect() as connection:
        connection.execute(f"create temp table winners as {WINNERS.format(raw=raw)}")
        connection.execute(PLANTED.format(raw=raw))
        connection.execute(LATE_ACTIVITY.format(raw=raw))
    warehouse = copy_shipped_rules(folder / "leads.duckdb")
    settings = load_settings(
        {"LEADS_RAW": str(raw), "LEADS_WAREHOUSE": str(warehouse), "LEADS_AS_OF": AS_OF}
    )
    scratch = folder / "scratch"
    scratch.mkdir()
    found = back_test(
        settings,
        days=",".join(DAYS),
        segments=["lead_source"],
        folder=scratch,
        console=io.StringIO(),
    )
    return found, warehouse, scratch / "leads.duckdb"


def read(path: Path, sql: str) -> pd.DataFrame:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(sql).df()


def find(measures: pd.DataFrame, day: str, metric: str, segment: str = "all") -> pd.Series:
    there = (
        (measures["as_of_date"] == date.fromisoformat(day))
        & (measures["metric"] == metric)
        & (measures["segment"] == segment)
    )
    [(_, row)] = measures[there].iterrows()
    return row


def test_a_day_is_measured_as_scikit_learn_does(tested):
    [found] = [model for model in tested[0] if model.model_id == MODEL]
    leads = read(tested[2], f"from evidence.cohort_leads where model_id = '{MODEL}'")
    assert len(leads) > 3000
    for day in DAYS:
        rows = leads[leads["as_of_date"] == pd.Timestamp(day)]
        came, score = rows["has_next_outcome"].astype(int), rows["score"].astype(float)
        auc = find(found.measures, day, "auc")
        assert auc["value"] == pytest.approx(roc_auc_score(came, score))
        assert (auc["leads"], auc["outcomes"]) == (len(rows), came.sum())
        assert auc["low"] < auc["value"] < auc["high"]
        assert find(found.measures, day, "average_precision")["value"] == pytest.approx(
            average_precision_score(came, score)
        )


def test_the_relation_hidden_in_the_sample_is_found(tested):
    for found in tested[0]:
        assert find(found.measures, AS_OF, "auc")["low"] > 0.55
        top, bottom = (
            find(found.measures, AS_OF, "conversion", f"tier={tier}")
            for tier in {
                MODEL: ("ready_to_buy", "unaware"),
            }.get(found.model_id, ("trial_invitation", "no_interest_yet"))
        )
        assert top["value"] > bottom["value"]
        gains = [find(found.measures, AS_OF, "gain", f"decile={n}")["value"] for n in range(1, 11)]
        assert gains == sorted(gains) and gains[-1] == pytest.approx(1)


def test_a_probability_is_stated_by_what_had_come_alone(tested):
    """Of the days here only the last is a horizon of 90 days after another."""
    [found] = [model for model in tested[0] if model.model_id == MODEL]
    assert sorted({str(day) for day in found.confidence.foretold["as_of_date"]}) == [DAYS[-1]]
    assert find(found.measures, DAYS[-1], "brier")["value"] > 0
    assert pd.isna(find(found.measures, DAYS[0], "brier")["value"])


def test_planted_leaks_are_named_and_nothing_else_is(tested):
    leaks = read(
        tested[1], f"select name, kind, finding from leakage where model_id = '{MODEL}' order by 1"
    )
    assert leaks.to_numpy().tolist() == [
        ["backfilled_interest", "attribute", "backdated"],
        ["contract_number", "attribute", "only_of_those_with_the_outcome"],
        ["product_review", "activity", "only_after_the_outcome"],
        ["product_review_named", "activity", "only_after_the_outcome"],
    ]


def test_a_segment_has_the_leads_with_the_value_as_known_on_each_day(tested):
    [found] = [model for model in tested[0] if model.model_id == MODEL]
    rows = found.measures[found.measures["segment"].str.startswith("lead_source=")]
    conversions = rows[rows["metric"] == "conversion"]
    assert len(conversions) > 5
    everyone = find(found.measures, AS_OF, "conversion")
    assert conversions["leads"].sum() == everyone["leads"]
    assert conversions["outcomes"].sum() == everyone["outcomes"]


def test_a_back_test_is_told_in_lines(tested):
    answer = answer_tested(tested[0], warehouse=tested[1])
    text = "\n".join(answer.lines)
    assert "  all days" in text and "had their outcome" in text
    assert answer.document["models"][0]["model_id"] == "automation_line"


def test_days_whose_outcomes_are_not_known_yet_are_refused():
    with pytest.raises(ValueError, match="^DAYS is '2026-05-31', but what came of the leads of"):
        choose_days("2026-05-31", as_of=date(2026, 6, 30), horizon_days=60)
    chosen = choose_days("", as_of=date(2026, 6, 30), horizon_days=90)
    assert (len(chosen), chosen[0], chosen[-1]) == (12, date(2025, 4, 30), date(2026, 3, 31))
