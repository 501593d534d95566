"""What belongs here: that a run keeps what the live publication promised, once for each month."""

import shutil
from datetime import date

import duckdb
import pytest
from fake_warehouse import build_warehouse, change

from orchestration.lib.basics.settings import PROJECT_ROOT
from orchestration.lib.published.promises import keep_promises
from orchestration.lib.published.publication import publish

RULES = PROJECT_ROOT / "seeds" / "rules"


@pytest.fixture
def warehouse(tmp_path):
    return build_warehouse(tmp_path / "leads.duckdb", leads=50)


def keep(warehouse, published):
    """Keep what is promised; returns how many rows that were, and what is kept of the tier sales as
    (day, outcome, leads, rate)."""
    with duckdb.connect(str(warehouse)) as connection:
        rows = keep_promises(connection, published)
        return rows, connection.execute(
            "select as_of_date, outcome_key, leads, rate::double from published_promises"
            " where model_id = 'b2b' and kind = 'tier' and name = 'sales' order by 1"
        ).fetchall()


def test_of_a_month_the_last_publication_is_kept(warehouse, tmp_path):
    published = tmp_path / "published"
    assert keep(warehouse, published) == (0, [])
    publish(warehouse, published, run_id="run", rules=RULES)
    said = (date(2026, 6, 30), "opportunity", 400, 0.175)
    assert keep(warehouse, published) == (3, [said])
    change(
        warehouse,
        "insert into published_promises by name select * replace (date '2026-06-12' as as_of_date)"
        " from published_promises; insert into published_promises by name"
        " select * replace (date '2026-05-31' as as_of_date, 0.5 as rate)"
        " from published_promises where as_of_date = '2026-06-30'",
    )
    assert keep(warehouse, published) == (3, [(date(2026, 5, 31), "opportunity", 400, 0.5), said])


def test_what_an_earlier_version_published_is_passed_over(warehouse, tmp_path):
    published = tmp_path / "published"
    change(warehouse, "alter table tier_promises rename outcome_key to something_else")
    publish(warehouse, published, run_id="run", rules=RULES)
    assert keep(warehouse, published) == (0, [])
    shutil.rmtree(published / "versions")
    assert keep(warehouse, published) == (0, [])
