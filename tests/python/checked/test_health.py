"""What belongs here: that what is far from its own past is found, whatever path or warehouse it
comes from; that a person can accept it once; and that a normal day passes."""

import json
import os
import shutil
import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from commands import run_leads
from fake_warehouse import AS_OF, SCORED_LEADS, build_warehouse, change, fill_scores
from hypothesis import given
from hypothesis import strategies as st

from orchestration.lib.checked.feed_health import approve_feeds
from orchestration.lib.checked.health import Limit, Measured, judge
from orchestration.lib.checked.score_health import approve_scores, has_turned
from orchestration.lib.decided.acceptances import Acceptance, accept, find_file, list_refusals
from orchestration.lib.decided.tiers import write_tiers
from orchestration.lib.delivered.release import release_hand_overs
from orchestration.lib.published.publication import publish, read_current
from orchestration.lib.published.summary import summarize

PROJECT = Path(__file__).resolve().parents[3]
REASON = "It's O'Brien's new tracker: 10 % of the pages"


def build(path):
    """A warehouse as dbt leaves it. Made-up scores are spread evenly: every third lead is due."""
    warehouse = build_warehouse(path, leads=400, tiered=False)
    change(
        warehouse,
        "update rule_book.health_limits set at_most = 0.5 where measure = 'first_hand_overs_due'",
    )
    return warehouse


@pytest.fixture(scope="module")
def healthy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("healthy")
    return build(folder / "leads.duckdb")


@pytest.fixture
def site(tmp_path, healthy):
    """A warehouse and nothing published yet; `site.run()` takes the steps after dbt."""

    class Site:
        warehouse = Path(shutil.copy(healthy, tmp_path))
        published = tmp_path / "published"
        rules = tmp_path / "rules"
        as_of = AS_OF

        def refill(self, *, days=0, leads=400, seed=1):
            """What dbt would make of the raw tables of a day."""
            self.as_of = AS_OF + timedelta(days=days)
            with duckdb.connect(str(self.warehouse)) as connection:
                fill_scores(connection, leads=leads, as_of=self.as_of, seed=seed)

        def measure(self, table, measure, value, row_count=None):
            """Have one measure of the day be another one."""
            change(
                self.warehouse,
                f"update intermediate.int_feed_measures set value = {value},"
                f" row_count = {'row_count' if row_count is None else row_count}"
                f" where table_name = '{table}' and measure = '{measure}'",
            )

        def approve(self):
            places = {"warehouse": self.warehouse, "published": self.published}
            with duckdb.connect(str(self.warehouse)) as connection:
                approve_feeds(connection, **places)
                write_tiers(
                    connection,
                    approve=lambda c, day: approve_scores(c, day, rules=self.rules, **places),
                )
                connection.execute(SCORED_LEADS)

        def run(self):
            self.approve()
            manifest = publish(self.warehouse, self.published, run_id="r", rules=self.rules)
            self.released = release_hand_overs(self.warehouse)
            return manifest

        def accept(self, what, because=REASON):
            at = datetime.now(UTC)
            return accept(self.warehouse, what=what, by="Ada", because=because, at=at)

        def query(self, sql):
            with duckdb.connect(str(self.warehouse), read_only=True) as connection:
                return connection.execute(sql).fetchall()

        def verdict(self, what):
            subject, _, measure = (
                what.rpartition(".")
                if "share." not in what
                else (what.partition(".")[0], "", what.partition(".")[2])
            )
            [row] = self.query(
                "select verdict, accepted_by, accepted_because from (select as_of_date, measure,"
                " verdict, accepted_by, accepted_because, table_name as subject from feed_health"
                " union all by name select *, model_id as subject from score_health)"
                f" where subject = '{subject}' and measure = '{measure}'"
                f" and as_of_date = '{self.as_of}'"
            )
            return row

    Site.rules.mkdir()
    (Site.rules / "tiers.csv").write_text("model_id,tier\n")
    return Site()


def test_a_first_run_and_normal_days_pass_with_nothing_to_say(site):
    for day in range(4):
        site.refill(days=day, leads=400 + 2 * day)
        site.measure("web.events", "rows", 9000 + 150 * day, 9000 + 150 * day)
        manifest = site.run()
        verdicts = "select distinct verdict from feed_health union select verdict from score_health"
        assert site.query(verdicts) == [("ok",)]
    assert manifest["health"]["feeds"]["web.events"]["rows"] == 9450
    assert manifest["health"]["accepted"] == manifest["health"]["held"] == []
    # Every day is kept, in the publication too.
    days = "select count(distinct as_of_date), count(*) from feed_health"
    assert site.query(days) == [(4, 28)]
    with duckdb.connect(str(site.published / "leads.duckdb"), read_only=True) as connection:
        assert connection.execute(days).fetchall() == [(4, 28)]


BROKEN = [
    # (table, measure, value, rows, what the sentence says)
    ("web.events", "rows", 90, 90, "90, usually about 9,000 (8,100 to 18,000)"),
    ("web.events", "rows", 0, 0, "0, usually about 9,000"),
    ("crm.leads", "rows", 2, 2, "2, usually about 500 (450 to 650)"),
    ("crm.leads", "rows", 1100, 1100, "1,100, usually about 500"),
    ("crm.leads", "filled_email", 0, 400, "0.0 %, usually about 95.0 % (at least 85.5 %)"),
    ("crm.leads", "quarantined_share", 0.12, 500, "12.0 %, usually about 0.4 % (at most 5.0 %)"),
    ("web.events", "occurred_per_day", 10, 70, "10.0, usually about 150.0 (75.0 to 450.0)"),
]


@pytest.mark.parametrize(("table", "measure", "value", "rows", "words"), BROKEN)
@pytest.mark.parametrize("days", [0, 1])
def test_a_broken_feed_blocks_before_tiers_with_table_figure_range_and_what_to_do(
    site, table, measure, value, rows, words, days
):
    manifest = site.run()
    tiers = site.query("select * from lead_tiers order by all")
    site.refill(days=days)
    site.measure(table, measure, value, rows)
    with pytest.raises(ValueError, match="leads accept") as error:
        site.run()
    sentence = str(error.value)
    assert sentence.startswith(f"{table}, ") and words in sentence
    assert f"leads accept {table}.{measure} --by " in sentence
    assert read_current(site.published) == manifest
    assert site.query("select * from lead_tiers order by all") == tiers
    assert site.verdict(f"{table}.{measure}") == ("block", None, None)
    # What is blocked is no past: the next run says so again.
    with pytest.raises(ValueError, match="usually about"):
        site.run()


def test_a_new_warehouse_is_compared_with_the_last_publication(site, tmp_path):
    site.run()
    site.warehouse = build(tmp_path / "new" / "leads.duckdb")
    site.measure("web.events", "rows", 90, 90)
    with pytest.raises(ValueError, match="web.events, rows in the table: 90, usually about 9,000"):
        site.run()


def test_publications_from_before_there_was_health_say_how_many_rows_there_were(site):
    manifest = site.run()
    folder = site.published / "versions" / manifest["publication_id"]
    folder.chmod(0o755)
    for name in ("feed_health.parquet", "score_health.parquet", "manifest.json"):
        (folder / name).chmod(0o644)
        (folder / name).unlink()
        manifest["files"].pop(name, None)
    del manifest["health"]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    site.measure("web.events", "rows", 90, 90)
    with pytest.raises(ValueError, match="90, usually about 9,000"):
        site.run()
    site.refill()
    site.run()


def test_a_first_run_is_judged_by_absolute_limits_and_its_own_weeks_before_warn(site):
    site.measure("web.events", "occurred_per_day", 10, 70)
    site.measure("crm.leads", "filled_email", 0.1)
    site.run()
    assert site.verdict("web.events.occurred_per_day") == ("warn", None, None)
    assert site.verdict("crm.leads.filled_email") == ("warn", None, None)
    words = summarize(site.published)
    assert "WARNING: crm.leads, rows with an e-mail address: 10.0 %, expected at least 20.0 %" in (
        words
    )
    site.measure("crm.leads", "quarantined_share", 0.5)
    shutil.rmtree(site.published)
    with pytest.raises(ValueError, match="unusable: 50.0 %, expected at most 5.0 %"):
        site.run()


def test_what_is_accepted_counts_once_and_begins_a_new_past(site):
    site.run()
    site.refill(days=1)
    site.measure("web.events", "rows", 900, 900)
    with pytest.raises(ValueError):
        site.run()
    [(refusal, _)] = site.accept("web.events.rows")
    assert "900, usually about 9,000" in refusal.sentence
    # Another failure on the way does not use it up.
    site.approve()
    manifest = site.run()
    assert site.verdict("web.events.rows") == ("accepted", "Ada", REASON)
    [accepted] = manifest["health"]["accepted"]
    assert (accepted["what"], accepted["value"]) == ("web.events.rows", 900)
    assert (accepted["by"], accepted["because"]) == ("Ada", REASON)
    assert list_refusals(site.warehouse) == []
    assert f"ACCEPTED by Ada ({REASON})" in " ".join(summarize(site.published).split())
    # The day again, and the days after: what was accepted is usual now.
    [again] = site.run()["health"]["accepted"]
    assert (again["what"], again["by"], again["because"]) == ("web.events.rows", "Ada", REASON)
    for days in (2, 3):
        site.refill(days=days)
        site.measure("web.events", "rows", 910, 910)
        assert site.run()["health"]["accepted"] == []
        assert site.verdict("web.events.rows") == ("ok", None, None)
    # And no further fall is covered by it.
    site.measure("web.events", "rows", 100, 100)
    with pytest.raises(ValueError, match="100, usually about"):
        site.run()


def test_what_is_accepted_does_not_cover_what_is_worse(site):
    site.run()
    site.measure("web.events", "rows", 900, 900)
    with pytest.raises(ValueError):
        site.run()
    site.accept("web.events.rows")
    for rows in (0, 500, 200_000):
        site.measure("web.events", "rows", rows, rows)
        with pytest.raises(ValueError, match="web.events, rows"):
            site.run()
    site.measure("web.events", "rows", 880, 880)
    site.run()


def test_only_what_was_refused_can_be_accepted_by_somebody_and_for_a_reason(site):
    with pytest.raises(ValueError, match="The last run has refused nothing"):
        site.accept("web.events.rows")
    site.run()
    site.measure("web.events", "rows", 900, 900)
    site.measure("crm.leads", "filled_email", 0)
    with pytest.raises(ValueError):
        site.run()
    can_be = "What can be accepted:\n  crm.leads.filled_email\n  web.events.rows"
    for what in ("web.events", ""):
        with pytest.raises(ValueError) as error:
            site.accept(what)
        assert str(error.value).endswith(can_be)
    with pytest.raises(ValueError, match="Say who accepts it and why"):
        site.accept("web.events.rows", because=" ")
    assert find_file(site.warehouse).stat().st_mode & 0o077 == 0
    site.accept("web.events.rows, crm.leads.filled_email")
    site.run()


def test_make_accept_takes_any_reason(site):
    site.run()
    site.measure("web.events", "rows", 900, 900)
    with pytest.raises(ValueError):
        site.run()
    environ = {name: os.environ[name] for name in os.environ if not name.startswith("LEADS_")}
    reason = "It's \"O'Brien\"; costs $5, 10 % `more` $(x)"
    command = ["make", "-C", str(PROJECT), "accept", "WHAT=web.events.rows", "BY=Ada"]
    done = subprocess.run(
        [*command, f"BECAUSE={reason}"],
        env=environ | {"LEADS_WAREHOUSE": str(site.warehouse)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"Accepted by Ada, because: {reason}" in done.stdout
    assert site.run()["health"]["accepted"][0]["because"] == reason


def lower_the_threshold(site):
    """The slip in tiers.csv: sales from 30 instead of 65."""
    change(
        site.warehouse,
        "update rule_book.model_tiers set enter_at = 30, leave_below = 30 where tier = 'sales';"
        " delete from rule_book.model_tiers where tier like 'nurture_%'",
    )


def test_a_slip_in_the_rule_book_blocks_and_leaves_history_and_hand_overs_as_they_were(site):
    manifest = site.run()
    tables = ("hand_overs", "hand_over_rules", "lead_score_history", "scored_days", "score_health")
    before = [site.query(f"select * from {table} order by all") for table in tables]
    lower_the_threshold(site)
    site.refill(days=1)
    with pytest.raises(ValueError) as error:
        site.run()
    sentences = str(error.value).splitlines()
    what = {refusal.what: refusal.verdict for refusal in list_refusals(site.warehouse)}
    assert what["b2b.tier_share.sales"] == what["b2b.moved_share"] == "block"
    assert what["b2b.hand_overs_due"] == "hold"
    assert len(sentences) == len(what)
    assert any("b2b, leads in the tier sales: " in sentence for sentence in sentences)
    assert read_current(site.published) == manifest
    assert [site.query(f"select * from {table} order by all") for table in tables] == before


def test_too_many_hand_overs_are_published_and_held_back_until_somebody_accepts(site):
    site.run()
    lower_the_threshold(site)
    site.refill(days=1)
    with pytest.raises(ValueError):
        site.run()
    blocks = [row.what for row in list_refusals(site.warehouse) if row.verdict == "block"]
    site.accept(",".join(blocks))
    manifest = site.run()
    assert {row["what"] for row in manifest["health"]["accepted"]} == set(blocks)
    assert manifest["health"]["held"] == ["b2b"]
    assert site.released["released"] == 0 and site.released["held"] > 100
    assert "HELD BACK: b2b, leads newly due for sales" in summarize(site.published)
    # `leads outbox` says it too.
    done = run_leads("outbox", warehouse=site.warehouse)
    assert "HELD BACK: b2b, leads newly due for sales" in done.stdout
    site.refill(days=2)
    held = site.released["held"]
    assert site.run()["health"]["held"] == ["b2b"]
    site.accept("b2b.hand_overs_due")
    assert site.run()["health"]["held"] == []
    assert site.released["released"] == held
    assert site.verdict("b2b.hand_overs_due") == ("accepted", "Ada", REASON)


def change_the_rule_book(site, sql):
    """Another file in the folder, and what dbt would make of it."""
    (site.rules / "tiers.csv").write_text("model_id,tier\nb2b,new\n")
    change(site.warehouse, sql)


def test_a_tier_without_a_lead_blocks_where_the_rule_book_has_changed(site):
    """Those few leads are too small a share for what every day is judged by."""
    change(site.warehouse, "update lead_scores set score = 70 where score >= 72 and score < 96")
    site.run()
    assert site.query("select count(*) from lead_tiers where tier = 'ready_to_buy'")[0][0] > 10
    site.refill(days=1)
    emptied = "update lead_scores set score = 70 where score >= 72"
    change(site.warehouse, emptied)
    site.approve()
    change_the_rule_book(site, "select 1")
    with pytest.raises(ValueError) as error:
        site.approve()
    [sentence] = str(error.value).splitlines()
    assert sentence.startswith("b2b, number of leads in the tier ready_to_buy: 0, usually about ")
    assert (
        "(at least 1)" in sentence and "leads accept b2b.tier_leads.ready_to_buy --by" in sentence
    )
    site.accept("b2b.tier_leads.ready_to_buy")
    [accepted] = site.run()["health"]["accepted"]
    assert (accepted["what"], accepted["by"]) == ("b2b.tier_leads.ready_to_buy", "Ada")


def test_tiers_that_hand_over_are_those_of_the_day_that_is_compared_with(site):
    """Scores and thresholds are the same; a tier of a quarter of the leads now hands over."""
    site.run()
    site.refill(days=1)
    hand_over = "update rule_book.model_tiers set hands_over = true where tier = 'nurture'"
    change_the_rule_book(site, hand_over)
    with pytest.raises(ValueError, match="b2b, leads in tiers that hand over: "):
        site.approve()


def test_a_changed_rule_book_is_held_to_the_gate_and_others_to_the_limits_alone(site):
    site.run()
    change(site.warehouse, "update rule_book.gate_limits set limit_value = 0.5"
           " where condition = 'most_moved_pct'")  # fmt: skip
    few = "update lead_scores set score = score + 1.5"
    change(site.warehouse, few)
    site.approve()
    change_the_rule_book(site, "select 1")
    with pytest.raises(ValueError, match="in another tier than at the last publication: "):
        site.approve()


def test_a_rule_book_has_changed_too_when_a_row_begins_or_ends(site):
    (site.rules / "exclusions.csv").write_text(
        f"kind,value,valid_from,valid_to\nemail,x,{AS_OF - timedelta(days=9)},{AS_OF}\n"
        f"email,y,{AS_OF + timedelta(days=1)},{AS_OF + timedelta(days=3)}\n"
    )
    manifest = site.run()
    days = [AS_OF + timedelta(days=n) for n in range(4)]
    assert [has_turned(manifest, site.rules, as_of=day) for day in days] == [
        False, True, True, True,
    ]  # fmt: skip
    later = {**manifest, "as_of_date": f"{AS_OF + timedelta(days=1)}"}
    assert [has_turned(later, site.rules, as_of=day) for day in days] == [False, False, False, True]


def test_scores_of_another_rule_book_are_compared_too(site):
    site.run()
    (site.rules / "tiers.csv").write_text("model_id,tier\nb2b,new\n")
    change(site.warehouse, "update lead_scores set score = score + 20")
    with pytest.raises(ValueError, match="b2b, mean score: "):
        site.run()


def test_scores_far_from_the_last_publication_are_not_compared_but_raw_tables_are(site):
    site.run()
    site.refill(days=40, leads=200, seed=9)
    site.run()
    site.refill(days=80)
    site.measure("crm.leads", "rows", 2, 2)
    with pytest.raises(ValueError, match="crm.leads, rows in the table: 2, usually"):
        site.run()


def test_a_day_in_the_past_is_compared_with_what_is_live(site):
    site.run()
    site.refill(days=-1)
    site.measure("web.events", "rows", 90, 90)
    with pytest.raises(ValueError, match="90, usually about 9,000"):
        site.approve()
    site.refill(days=-1)
    site.approve()
    assert site.query("select count(distinct as_of_date) from feed_health") == [(2,)]


def test_several_days_of_one_run_are_judged_in_order_and_the_newest_decides(site):
    site.run()
    change(
        site.warehouse,
        "insert into intermediate.int_feed_measures"
        " select * replace (as_of_date + 1 as as_of_date) from intermediate.int_feed_measures;"
        "update intermediate.int_feed_measures set value = 90, row_count = 90"
        " where table_name = 'web.events' and measure = 'rows'",
    )
    with duckdb.connect(str(site.warehouse)) as connection, pytest.raises(ValueError) as error:
        approve_feeds(connection, warehouse=site.warehouse, published=site.published)
    assert str(error.value).count("leads accept") == 1
    assert site.query(
        "select as_of_date, verdict from feed_health"
        " where table_name = 'web.events' and measure = 'rows' order by 1"
    ) == [(AS_OF, "block"), (AS_OF + timedelta(days=1), "block")]


def test_challengers_hold_nothing_up(site):
    site.run()
    change(site.warehouse, "update rule_book.scored_models set role = 'challenger'")
    lower_the_threshold(site)
    site.refill(days=1)
    site.run()
    assert site.query("select * from score_health") == []


counts = st.integers(0, 10_000)


@given(past=st.lists(counts, max_size=20), value=counts, worse=counts)
def test_law_the_further_out_the_graver(past, value, worse):
    """Of two values below the usual one the lower is never judged more kindly."""
    limits = [Limit("warn", falls_to=0.9), Limit("block", falls_to=0.5)]
    low, lower = max(value, worse), min(value, worse)

    def gravity(rows):
        measured = Measured(date(2026, 6, 30), "web.events", "rows", rows, rows)
        judged = judge(measured, limits=limits, past=[(n, n) for n in past])
        return ["ok", "warn", "block"].index(judged.verdict)

    assert gravity(lower) >= gravity(low)


@given(value=st.floats(0, 1e6), other=st.floats(0, 1e6), is_low=st.booleans())
def test_law_an_acceptance_covers_what_was_accepted_and_all_that_is_less_unusual(
    value, other, is_low
):
    given_for = Acceptance("what", value, is_low, "Ada", "so", "2026-06-30T00:00:00+00:00")
    assert given_for.covers(value, is_low=is_low)
    assert not given_for.covers(value, is_low=not is_low)
    if (other > value) == is_low:
        assert given_for.covers(other, is_low=is_low)
