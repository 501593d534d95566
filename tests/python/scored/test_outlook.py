"""What belongs here: that leads drop out of their tiers on the day that was foretold."""

import shutil
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dbt_runs import PROJECT, copy_shipped_rules, query, run_dbt

from orchestration.lib.basics.warehouse import open_warehouse
from orchestration.lib.built.dbt_command import AFTER_TIERS
from orchestration.lib.decided.tiers import write_tiers

LAST_DAY = date(2026, 6, 30)
DAYS = 21

# One row of a stranger a day in each feed: without it they would be found stale.
BEATS = {
    "web/events": {"event_id": "beat", "visitor_id": "stranger", "event_type": "page_view"},
    "email/events": {"event_id": "beat", "email": "stranger@other.example", "event_type": "sent"},
}


@pytest.fixture(scope="module")
def raw(tmp_path_factory) -> Path:
    """The sample, and three weeks in which nobody that is known does anything."""
    root = tmp_path_factory.mktemp("raw")
    for file in (PROJECT / "samples" / "raw").glob("*/*.parquet"):
        place = root / file.parent.name / file.stem
        place.mkdir(parents=True)
        shutil.copy(file, place)
    for table, row in BEATS.items():
        schema = pq.read_schema(root / table / "events.parquet")
        rows = []
        for number in range(1, DAYS + 1):
            moment = duckdb.execute(
                "select cast(? as timestamp)", [LAST_DAY + timedelta(number)]
            ).fetchone()[0]
            rows.append(
                {name: None for name in schema.names}
                | row
                | {"event_id": f"beat{number}", "occurred_at": moment, "_loaded_at": moment}
            )
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), root / table / "beats.parquet")
    return root


@pytest.fixture(scope="module")
def warehouse(raw, tmp_path_factory) -> Path:
    """The outlook of the sample's last day, kept aside, and the three weeks after it."""
    path = copy_shipped_rules(tmp_path_factory.mktemp("outlook") / "leads.duckdb")
    later = LAST_DAY + timedelta(DAYS)
    for as_of in (f"{LAST_DAY}", f"{LAST_DAY + timedelta(1)}..{later}"):
        outcome = run_dbt(
            "run", "--exclude", AFTER_TIERS, "path:models/rule_book",
            raw=raw, warehouse=path, as_of=as_of,
        )  # fmt: skip
        assert outcome.success, outcome.errors
        with open_warehouse(path) as connection:
            write_tiers(connection)
        if as_of == f"{LAST_DAY}":
            outcome = run_dbt(
                "build", "--exclude-resource-type", "unit_test", "--select", AFTER_TIERS,
                raw=raw, warehouse=path, as_of=as_of,
            )  # fmt: skip
            assert outcome.success, outcome.errors
            with open_warehouse(path) as connection:
                connection.execute("create table foretold as from lead_outlook")
    return path


def test_leads_drop_out_of_their_tiers_on_the_day_that_was_foretold(warehouse):
    """By the score alone, since sales may reject a lead or exclude it in the meantime."""
    wrong = query(
        warehouse,
        f"""
        with happened as (
            select model_id, lead_id, min(lead_tiers.as_of_date) as dropped_out_on
            from lead_tiers
            inner join lead_scores using (as_of_date, model_id, lead_id)
            inner join foretold using (model_id, lead_id)
            where lead_scores.score < foretold.leave_below and lead_tiers.tier <> foretold.tier
            group by all
        )

        select lead_id, model_id, drops_out_on, dropped_out_on
        from foretold
        left join happened using (model_id, lead_id)
        where
            case when drops_out_on <= date '{LAST_DAY + timedelta(DAYS)}' then drops_out_on end
            is distinct from dropped_out_on
        """,
    )
    assert wrong == []
    dropped = query(
        warehouse,
        "select count(*) filter (drops_out_on <= date '2026-07-21'), count(*) from foretold",
    )[0]
    assert dropped[0] > 30
    assert dropped[1] > 150


def test_the_score_on_that_day_is_the_one_that_was_foretold(warehouse):
    assert (
        query(
            warehouse,
            """
            select foretold.lead_id, score_then, lead_scores.score
            from foretold
            inner join lead_scores
                on foretold.model_id = lead_scores.model_id
                and foretold.lead_id = lead_scores.lead_id
                and foretold.drops_out_on = lead_scores.as_of_date
            where score_then <> lead_scores.score
            """,
        )
        == []
    )


def test_the_reason_is_a_rule_that_loses_points(warehouse):
    reasons = query(warehouse, "select because_of from foretold where drops_out_on is not null")
    assert all(" now, " in reason and reason.endswith(" then") for (reason,) in reasons)
