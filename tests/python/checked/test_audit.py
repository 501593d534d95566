"""What belongs here: that a healthy population passes its audit, and that each kind of sick one
fails it with a sentence."""

import json
import re
import shutil
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from fake_warehouse import AS_OF, build_warehouse, change, fill_scores, fill_tiers

from orchestration.lib.checked.audit import BATCHES, SUITES, audit_mart
from orchestration.lib.checked.auditor import start_auditor
from orchestration.lib.published.publication import MARTS


@pytest.fixture(scope="module")
def healthy(tmp_path_factory):
    return build_warehouse(tmp_path_factory.mktemp("healthy") / "leads.duckdb", leads=400)


@pytest.fixture
def site(tmp_path, healthy):
    """A warehouse; `site.audit(mart)` judges it."""

    class Site:
        warehouse = Path(shutil.copy(healthy, tmp_path))
        reports = tmp_path / "reports"

        def audit(self, mart, **options):
            return audit_mart(mart, self.warehouse, reports=self.reports, **options)

        def refill(self, *, days, **options):
            with duckdb.connect(str(self.warehouse)) as connection:
                fill_scores(connection, as_of=AS_OF + timedelta(days=days), **options)
                fill_tiers(connection)

    return Site()


def test_a_healthy_population_passes(site):
    results = {mart: site.audit(mart) for mart in BATCHES}
    assert [result.failures for result in results.values()] == [[]] * 4
    assert all(result.has_passed and result.checked >= 2 for result in results.values())
    page = results["scored_leads"].report.read_text()
    assert all(mart in page for mart in BATCHES)
    # The audit lets go of the warehouse: the next step can write.
    change(site.warehouse, "create table written_after_the_audit as select 1 as one")


SICK = [
    # (mart, what happened, what the sentence says)
    *[
        (mart, f"delete from {mart}", r"At least one .* Expected at least 1. Found 0")
        for mart in ("lead_score_ledger", "lead_tiers", "scored_leads")
    ],
    ("lead_scores", "delete from lead_scores", "At least one lead is scored"),
    (
        "lead_scores",
        "update lead_scores set score = 42",
        "best twentieth scores higher.*model_id b2b, leads 400, worst 42, best 42",
    ),
    (
        "lead_scores",
        "update lead_scores set score = 0 where lead_id > 'L000020'",
        "no more than 90 % of them have its lowest score.*lowest_score 0, share 0.94",
    ),
    (
        "lead_scores",
        "update lead_scores set score = 100 where lead_id > 'L000190'",
        "no more than half of them have its highest score.*highest_score 100, share 0.52",
    ),
    (
        "lead_scores",
        "update lead_scores set last_activity_on = last_activity_on - 15",
        "no older than 14 days.*newest_activity 2026-06-15, as_of_date 2026-06-30",
    ),
    (
        "lead_scores",
        "update lead_scores set is_excluded = true where lead_id > 'L000030'",
        "no more than 90 % of them are excluded",
    ),
    (
        "lead_score_ledger",
        "delete from lead_score_ledger where lead_id > 'L000030'",
        "At least a tenth of the scored leads have a ledger row.*explained 31, scored 400",
    ),
    (
        "lead_score_ledger",
        "update lead_score_ledger set rule_id = 'one'",
        "no single rule moves more than 95 % of all points.*rule_id one, share 1",
    ),
    (
        "lead_score_ledger",
        "insert into lead_score_ledger by name"
        " select * replace ('cap:score' as rule_id) from lead_score_ledger"
        " where rule_id = 'company_size' and lead_id > 'L000150'",
        "the cap on the total holds back no more than half.*leads 400, capped 249",
    ),
    (
        "lead_tiers",
        "update lead_tiers set tier = 'sales'",
        "no tier .* holds more than 99 % of them.*tier sales, leads 400",
    ),
    (
        "lead_tiers",
        "update lead_tiers set tier = null",
        "no tier .* holds more than 99 % of them.*tier none, leads 400",
    ),
    (
        "scored_leads",
        "update scored_leads set tier_since = null where lead_id > 'L000390'",
        "without a row of their tiers.*leads 400, without_tier_row 9",
    ),
    (
        "scored_leads",
        "update scored_leads set action = null",
        "there is something to do.*leads 400, with_action 0",
    ),
    (
        "scored_leads",
        "update scored_leads set top_reasons = null where lead_id > 'L000300'",
        "At least 90 % of the leads that a model scores above zero have a reason",
    ),
]


@pytest.mark.parametrize(("mart", "sql", "sentence"), SICK)
def test_a_sick_population_fails_with_its_sentence(site, mart, sql, sentence):
    change(site.warehouse, sql)
    result = site.audit(mart)
    assert not result.has_passed
    matching = [failure for failure in result.failures if re.search(sentence, failure)]
    assert len(matching) == 1, result.failures
    assert matching[0].startswith(f"{mart}: ")
    assert matching[0].endswith(f"The limit stands in expectations/{mart}.json.")


def test_many_days_of_one_run_are_not_taken_for_leads_without_a_ledger(site):
    change(
        site.warehouse,
        "insert into lead_scores by name"
        " select s.* replace (s.as_of_date - cast(days.n as integer) as as_of_date)"
        " from lead_scores as s cross join range(1, 31) as days (n)",
    )
    assert site.audit("lead_score_ledger").failures == []


def test_a_model_that_asks_nobody_to_act_is_not_hidden_by_another(site):
    change(
        site.warehouse,
        "insert into scored_leads by name"
        " select * replace ('second' as model_id, null as action) from scored_leads",
    )
    [failure] = site.audit("scored_leads").failures
    assert "model_id second, leads 400, with_action 0" in failure


def test_a_small_population_is_not_judged_by_its_shares(site):
    site.refill(days=0, leads=20, seed=1)
    change(
        site.warehouse,
        "update lead_scores set score = 0; update lead_tiers set tier = 'unaware';"
        "delete from quarantine",
    )
    assert [site.audit(mart).failures for mart in ("lead_scores", "lead_tiers")] == [[], []]


def test_an_expectation_that_cannot_be_judged_fails(site, tmp_path):
    suite = json.loads((SUITES / "scored_leads.json").read_text())
    suite["expectations"][1]["kwargs"]["unexpected_rows_query"] = "select nothing from {batch}"
    (tmp_path / "scored_leads.json").write_text(json.dumps(suite))
    result = site.audit("scored_leads", suites=tmp_path)
    assert len(result.failures) == 1
    assert "it could not be judged" in result.failures[0]


@pytest.mark.parametrize("mart", BATCHES)
def test_every_expectation_says_what_it_means_and_no_two_the_same(mart):
    suite = json.loads((SUITES / f"{mart}.json").read_text())
    sentences = [expectation["meta"]["says"] for expectation in suite["expectations"]]
    assert suite["name"] == mart and mart in MARTS
    assert len(set(sentences)) == len(sentences)
    assert all(sentence.endswith(".") for sentence in sentences)


def test_a_process_of_its_own_audits_alike_and_hands_on_what_goes_wrong(tmp_path):
    warehouse = build_warehouse(tmp_path / "leads.duckdb")
    places = {"reports": tmp_path / "reports"}
    with start_auditor() as auditor:
        result = auditor.audit("lead_scores", warehouse, **places)
        assert result == audit_mart("lead_scores", warehouse, **places)
        # It has let go of the warehouse.
        change(warehouse, "delete from lead_scores")
        assert not auditor.audit("lead_scores", warehouse, **places).has_passed
        with pytest.raises(ValueError, match="There is no warehouse at"):
            auditor.audit("lead_scores", tmp_path / "none.duckdb", **places)
    # It has written the page of what failed before it ended.
    assert "lead_scores" in (places["reports"] / "data_docs" / "index.html").read_text()
