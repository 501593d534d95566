"""What belongs here: that what changed since the day before adds up, and is told by its kind."""

import shutil
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from fake_warehouse import AS_OF, TABLES, build_warehouse, fill_scores, fill_tiers
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.lib.published.changes import find_day_before, write_changes
from orchestration.lib.published.publication import list_publications, publish


@pytest.fixture
def site(tmp_path):
    class Site:
        warehouse = build_warehouse(tmp_path / "leads.duckdb", leads=30)
        published = tmp_path / "published"
        rules = tmp_path / "rules"

        def publish(self, **options):
            return publish(
                self.warehouse, self.published, run_id="test", rules=self.rules, **options
            )

        def refill(self, *, days, **options):
            with duckdb.connect(str(self.warehouse)) as connection:
                fill_scores(connection, as_of=AS_OF + timedelta(days=days), **options)
                fill_tiers(connection)
                write_changes(connection, self.published)
                return connection.execute("from lead_score_changes order by all").fetchall()

    Site.rules.mkdir()
    return Site()


def test_the_changes_of_a_lead_add_up_to_the_change_of_its_score(site):
    assert site.refill(days=0, leads=30) == []
    site.publish()
    assert site.refill(days=1, leads=40, seed=7)
    with duckdb.connect(str(site.warehouse)) as connection:
        before = site.published / "current" / "lead_scores.parquet"
        wrong = connection.execute(
            f"""
            with changed as (
                select lead_id, sum(change) as change from lead_score_changes group by all
            )

            select lead_id
            from lead_scores as now
            inner join read_parquet('{before.resolve()}') as old using (model_id, lead_id)
            left join changed using (lead_id)
            where now.score - old.score <> coalesce(changed.change, 0)
            """
        ).fetchall()
        assert wrong == []
        # Leads of one of the two days have nothing to compare with.
        assert connection.execute(
            "select count(distinct lead_id) from lead_score_changes"
        ).fetchone() == (30,)


def test_the_day_before_is_the_latest_earlier_one_and_its_newest_publication(site):
    for days in (0, 1, 2):
        site.refill(days=days, leads=30, seed=days)
        site.publish()
    newest = site.publish()
    folder, day = find_day_before(site.published, AS_OF + timedelta(3))
    assert (folder.name, day) == (newest["publication_id"], AS_OF + timedelta(2))
    assert find_day_before(site.published, AS_OF + timedelta(1))[1] == AS_OF
    assert find_day_before(site.published, AS_OF) == (None, None)


def test_running_one_day_again_and_again_keeps_the_day_before(site):
    site.publish()
    site.refill(days=1, leads=30, seed=2)
    for _ in range(4):
        site.publish(keep=2)
    days = [manifest["as_of_date"] for manifest in list_publications(site.published)]
    assert days == [f"{AS_OF + timedelta(1)}"] * 2 + [f"{AS_OF}"]


def test_two_days_of_one_run_are_compared_with_each_other(site):
    shutil.rmtree(site.published, ignore_errors=True)
    with duckdb.connect(str(site.warehouse)) as connection:
        for mart in ("lead_scores", "lead_score_ledger"):
            connection.execute(
                f"insert into {mart} by name select * replace (as_of_date - 1 as as_of_date)"
                f" from {mart}"
            )
        connection.execute(
            "update lead_score_ledger set points = points - 1"
            f" where as_of_date < date '{AS_OF}' and rule_id = 'company_size'"
        )
        assert write_changes(connection, site.published) == AS_OF - timedelta(1)
        assert connection.execute(
            "select distinct rule_id, change from lead_score_changes"
        ).fetchall() == [("company_size", Decimal(1))]


KINDS = [
    # before (events, last day, points), now, kind
    (None, (1, "2026-06-30", 5), "new"),
    ((1, "2026-06-01", 5), None, "gone"),
    ((1, "2026-06-01", 5), (1, "2026-06-01", 4), "faded"),
    ((1, "2026-06-01", -5), (1, "2026-06-01", -4), "faded"),
    ((1, "2026-06-01", 5), (2, "2026-06-30", 9), "more or fewer events"),
    ((None, None, 5), (None, None, 8), "worth another number of points"),
    ((1, "2026-06-01", 5), (1, "2026-06-01", 6), "worth another number of points"),
]


@pytest.mark.parametrize(("before", "now", "kind"), KINDS)
def test_each_change_says_of_which_kind_it_is(site, before, now, kind):
    with duckdb.connect(str(site.warehouse)) as connection:
        connection.execute("delete from lead_score_ledger")
        connection.execute(
            "insert into lead_scores by name select * replace (as_of_date - 1 as as_of_date)"
            " from lead_scores"
        )
        for day, row in ((AS_OF - timedelta(1), before), (AS_OF, now)):
            if row:
                connection.execute(
                    "insert into lead_score_ledger (as_of_date, model_id, lead_id, rule_id,"
                    " event_count, occurred_on, points) values (?, 'b2b', 'L000001', 'r', ?, ?, ?)",
                    [day, *row],
                )
        write_changes(connection, site.published)
        assert connection.execute("select kind from lead_score_changes").fetchall() == [(kind,)]


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from(["a", "b", "cap:score"]), st.integers(0, 1), st.integers(-9, 9)),
        unique_by=lambda row: row[:2],
    )
)
def test_whatever_rules_come_and_go_the_changes_add_up(rows):
    with duckdb.connect() as connection:
        connection.execute(TABLES)
        days = [date(2026, 6, 1), date(2026, 6, 2)]
        for day in days:
            connection.execute(
                "insert into lead_scores (as_of_date, model_id, lead_id) values (?, 'm', '1')",
                [day],
            )
        for rule, day, points in rows:
            connection.execute(
                "insert into lead_score_ledger (as_of_date, model_id, lead_id, rule_id, points)"
                " values (?, 'm', '1', ?, ?)",
                [days[day], rule, points],
            )
        write_changes(connection, Path("none"))
        total = connection.execute(
            "select coalesce(sum(change), 0) from lead_score_changes"
        ).fetchone()[0]
    assert total == sum(points if day else -points for _, day, points in rows)
