"""What belongs here: that a healthy population passes its audit, that each kind of sick one fails
it with a sentence, and that comparisons are made only where there is something to compare with."""

import json
import re
import shutil
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from fake_warehouse import AS_OF, build_warehouse, change, fill_scores, fill_tiers

from orchestration.lib.audit import BATCHES, SUITES, audit_mart, find_hindrances
from orchestration.lib.auditor import start_auditor
from orchestration.lib.publication import MARTS, publish


@pytest.fixture(scope="module")
def healthy(tmp_path_factory):
    return build_warehouse(tmp_path_factory.mktemp("healthy") / "leads.duckdb", leads=400)


@pytest.fixture
def site(tmp_path, healthy):
    """A warehouse, a rule book and nothing published yet; `site.audit(mart)` judges it."""

    class Site:
        warehouse = Path(shutil.copy(healthy, tmp_path))
        published = tmp_path / "published"
        rules = tmp_path / "rules"
        reports = tmp_path / "reports"

        def audit(self, mart, **options):
            return audit_mart(
                mart,
                self.warehouse,
                published=self.published,
                rules=self.rules,
                reports=self.reports,
                **options,
            )

        def publish(self):
            publish(self.warehouse, self.published, run_id="test", rules=self.rules)

        def refill(self, *, days, **options):
            with duckdb.connect(str(self.warehouse)) as connection:
                fill_scores(connection, as_of=AS_OF + timedelta(days=days), **options)
                fill_tiers(connection)

    Site.rules.mkdir()
    (Site.rules / "tiers.csv").write_text("model_id,tier\n")
    return Site()


def test_a_healthy_first_population_passes_and_says_what_was_not_compared(site):
    results = {mart: site.audit(mart) for mart in BATCHES}
    assert [result.failures for result in results.values()] == [[]] * 4
    assert all(result.has_passed and result.checked >= 2 for result in results.values())
    assert results["lead_scores"].skipped == [
        "lead_scores: The number of scored leads neither falls by more than 30 % nor more than "
        "doubles from one publication to the next. Not compared: this is the first publication.",
        "lead_scores: The mean score moves by no more than 10 points from one publication to the "
        "next of the same rule book. Not compared: this is the first publication.",
    ]
    page = results["scored_leads"].report.read_text()
    assert all(mart in page for mart in BATCHES)
    # The audit lets go of the warehouse: the next step can write.
    change(site.warehouse, "create table written_after_the_audit as select 1 as one")


def test_a_healthy_second_day_is_compared_and_passes(site):
    site.publish()
    site.refill(days=1, leads=420, seed=1)
    for mart in BATCHES:
        result = site.audit(mart)
        assert (result.failures, result.skipped) == ([], [])


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
        "lead_scores",
        "insert into quarantine by name"
        " select 'crm.leads' as table_name, 'lead_id' as column_name from range(60)",
        "No more than a tenth of the leads are set aside.*scored 400, set_aside 62",
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


SICK_AGAINST_YESTERDAY = [
    ("lead_scores", {"leads": 250, "seed": 1}, "Expected at least 280 and at most 800. Found 250"),
    ("lead_scores", {"leads": 900, "seed": 1}, "Expected at least 280 and at most 800. Found 900"),
    ("lead_score_ledger", {"leads": 1500, "seed": 1}, "The number of ledger rows"),
    ("lead_tiers", {"leads": 400, "seed": 99}, "no more than half of them change it in one run"),
]


@pytest.mark.parametrize(("mart", "options", "sentence"), SICK_AGAINST_YESTERDAY)
def test_a_population_unlike_yesterdays_fails_with_its_sentence(site, mart, options, sentence):
    site.publish()
    site.refill(days=1, **options)
    result = site.audit(mart)
    assert len(result.failures) == 1, result.failures
    assert sentence in result.failures[0]


def test_a_mean_that_jumps_fails(site):
    site.publish()
    change(site.warehouse, "update lead_scores set score = score + 11")
    assert "The mean score moves" in site.audit("lead_scores").failures[0]


def test_many_days_of_one_run_are_not_taken_for_leads_without_a_ledger(site):
    change(
        site.warehouse,
        "insert into lead_scores by name"
        " select s.* replace (s.as_of_date - cast(days.n as integer) as as_of_date)"
        " from lead_scores as s cross join range(1, 31) as days (n)",
    )
    assert site.audit("lead_score_ledger").failures == []


def test_a_feed_that_was_full_and_is_empty_keeps_the_scores_from_being_published(site):
    site.publish()
    assert site.audit("lead_scores").has_passed
    change(
        site.warehouse, "delete from intermediate.raw_row_counts where table_name = 'web.events'"
    )
    failures = site.audit("lead_scores").failures
    assert failures[0].startswith(
        "The raw table web.events is empty, and had 9,000 rows at the last publication"
    )
    assert len(failures) == 1


def test_a_new_rule_book_may_move_scores_but_not_lose_leads(site):
    site.publish()
    (site.rules / "tiers.csv").write_text("model_id,tier\nb2b,new\n")
    site.refill(days=1, leads=100, seed=99)
    change(site.warehouse, "update lead_scores set score = score + 20")
    result = site.audit("lead_scores")
    assert len(result.failures) == 1 and "The number of scored leads" in result.failures[0]
    assert result.skipped[0].endswith("the rule book has changed since the last publication.")
    assert site.audit("lead_tiers").has_passed


def test_a_model_more_is_not_taken_for_more_leads(site):
    site.publish()
    (site.rules / "models.csv").write_text("model_id\nb2b\nsecond\nthird\n")
    for model_id in ("second", "third"):
        change(
            site.warehouse,
            f"insert into lead_scores by name select * replace ('{model_id}' as model_id)"
            " from lead_scores where model_id = 'b2b'",
        )
    assert site.audit("lead_scores").failures == []


def test_a_model_that_asks_nobody_to_act_is_not_hidden_by_another(site):
    change(
        site.warehouse,
        "insert into scored_leads by name"
        " select * replace ('second' as model_id, null as action) from scored_leads",
    )
    [failure] = site.audit("scored_leads").failures
    assert "model_id second, leads 400, with_action 0" in failure


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"raw": "/other"}, "the last publication came from other raw data."),
        ({"days": 32}, "the last publication speaks for 2026-06-30, too far from this day."),
        ({"days": -32}, "the last publication speaks for 2026-06-30, too far from this day."),
        ({"days": 31}, None),
    ],
)
def test_other_data_and_far_days_are_not_compared(options, reason):
    last = {"raw": None, "as_of_date": AS_OF.isoformat(), "rule_book": {"sha256": "same"}}
    found = find_hindrances(
        last,
        as_of=AS_OF + timedelta(days=options.get("days", 1)),
        raw=options.get("raw"),
        rules_sha256="same",
        within_days=31,
    )
    assert found == ({} if reason is None else dict.fromkeys(
        ("last_publication", "same_rule_book"), reason
    ))  # fmt: skip


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
    places = {
        "published": tmp_path / "published",
        "rules": tmp_path,
        "reports": tmp_path / "reports",
    }
    with start_auditor() as auditor:
        result = auditor.audit("lead_scores", warehouse, **places)
        assert result == audit_mart("lead_scores", warehouse, **places)
        # It has let go of the warehouse.
        change(warehouse, "delete from lead_scores")
        assert not auditor.audit("lead_scores", warehouse, **places).has_passed
        with pytest.raises(ValueError, match="There is no warehouse at"):
            auditor.audit("lead_scores", tmp_path / "none.duckdb", **places)
