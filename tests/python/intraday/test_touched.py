"""What belongs here: whom each kind of new row touches, and that what is scored of the touched is
what a daily run would have scored, and of all others nothing changes."""

from datetime import datetime

import duckdb
import pytest
from dbt_runs import SCORES, activity, email_event, lead, query, score_raw, web_event, write_raw
from messy_rows import SAMPLE, WRITTEN_AS_CSV, write_messy

from orchestration.lib.basics.settings import load_settings
from orchestration.lib.intraday.raw_rows import find_raw_rows
from orchestration.lib.intraday.touched import find_touched, write_rows

MORNING = datetime(2026, 6, 30, 6)
NOW = {"updated_at": "2026-06-30 10:00:00", "_loaded_at": "2026-06-30 10:00:00"}
# Bo and Bea share an address, Cy's visitor has named Dee before, Eve and Fay are of one account.
PEOPLE = [
    lead("ann", email="ann@a.example"),
    lead("bo", email="b@b.example"),
    lead("bea", email=" B@b.example "),
    lead("cy", email="cy@c.example"),
    lead("dee", email="dee@d.example"),
    lead("eve", email="eve@e.example", account_id="E"),
    lead("fay", email="fay@f.example", account_id="E"),
    lead("gus", email="gus@g.example"),
]
BEFORE = {
    "crm.leads": PEOPLE,
    "crm.lead_attributes": [{"lead_id": "ann", "attribute": "x", "value": 1, **NOW,
                             "_loaded_at": "2026-06-01 00:00:00"}],
    "crm.accounts": [{"account_id": "E", "account_name": "E", "updated_at": "2026-01-01 00:00:00",
                      "_loaded_at": "2026-01-01 00:00:00"}],
    "crm.opportunities": [{"opportunity_id": "o", "lead_id": "gus", "account_id": None,
                           "created_at": "2026-05-01 00:00:00", "updated_at": "2026-05-01 00:00:00",
                           "_loaded_at": "2026-05-01 00:00:00"}],
    "crm.opportunity_stages": [{"opportunity_id": "o", "stage": "new", "entered_at": "2026-05-01",
                                "_loaded_at": "2026-05-01 00:00:00"}],
    "crm.activities": [activity("a0", "2026-05-01", "ann", "call")],
    "crm.lead_feedback": [{"lead_id": "ann", "verdict": "accepted", "decided_at": "2026-05-01",
                           "_loaded_at": "2026-05-01 00:00:00"}],
    "email.events": [email_event("m0", "2026-05-01", email="ann@a.example")],
    "web.events": [
        web_event("w0", "2026-05-01", visitor_id="v", email="dee@d.example"),
        web_event("w1", "2026-05-02", visitor_id="v", email="cy@c.example"),
        web_event("w2", "2026-05-02", visitor_id="u"),
    ],
}  # fmt: skip
TODAY = "2026-06-30"


@pytest.mark.parametrize(
    ("table", "row", "touched"),
    [
        ("crm.leads", {**lead("new", email="new@n.example"), **NOW}, {"new"}),
        ("crm.leads", {**lead("bo", email="b@b.example"), **NOW}, {"bo", "bea"}),
        # Who takes another address parts from some and joins others.
        ("crm.leads", {**lead("bo", email="ann@a.example"), **NOW}, {"bo", "bea", "ann"}),
        ("crm.lead_attributes", {"lead_id": "gus", **NOW}, {"gus"}),
        ("crm.accounts", {"account_id": "E", **NOW}, {"eve", "fay"}),
        ("crm.activities", activity("a", TODAY, "cy", "call"), {"cy"}),
        ("crm.lead_feedback", {"lead_id": "dee", **NOW}, {"dee"}),
        ("crm.opportunities", {"opportunity_id": "p", "lead_id": "ann", **NOW}, {"ann"}),
        ("crm.opportunities", {"opportunity_id": "p", "account_id": "E", **NOW}, {"eve", "fay"}),
        # A deal that was another's.
        ("crm.opportunities", {"opportunity_id": "o", "lead_id": "ann", **NOW}, {"ann", "gus"}),
        ("crm.opportunity_stages", {"opportunity_id": "o", "stage": "s", **NOW}, {"gus"}),
        ("email.events", email_event("m", TODAY, email="ANN@a.example"), {"ann"}),
        ("web.events", web_event("w", TODAY, visitor_id="x", email="ann@a.example"), {"ann"}),
        ("web.events", web_event("w", TODAY, visitor_id="v"), {"cy", "dee"}),
        ("web.events", web_event("w", TODAY, visitor_id="u"), set()),
        ("web.events", web_event("w", TODAY, visitor_id="u", email="gus@g.example"), {"gus"}),
        # The visitor is another's from now on.
        (
            "web.events",
            web_event("w", TODAY, visitor_id="v", email="gus@g.example"),
            {"cy", "dee", "gus"},
        ),
        ("web.events", web_event("w", TODAY, visitor_id="x", email="no@body.example"), set()),
    ],
)
def test_a_new_row_touches_whom_it_names_and_whom_it_takes_from(tmp_path, table, row, touched):
    raw = write_raw(tmp_path / "raw", {**BEFORE, table: [*BEFORE[table], row]})
    with duckdb.connect() as connection:
        find(connection, raw)
        found = connection.execute("from lead_loads").fetchall()
        assert connection.execute("from touched_leads order by 1").fetchall() == sorted(
            (lead_id,) for lead_id in touched
        )
    loaded_at = datetime.fromisoformat(row["_loaded_at"])
    assert sorted(found) == sorted((lead_id, loaded_at) for lead_id in touched)


def test_the_wait_begins_with_the_first_load_since_the_last_run(tmp_path):
    times = ("2026-06-30 05:00:00", "2026-06-30 09:00:00", "2026-06-30 09:30:00")
    new = [{**activity(f"a{time}", TODAY, "cy", "call"), "_loaded_at": time} for time in times]
    raw = write_raw(tmp_path / "raw", {**BEFORE, "crm.activities": new})
    for last_run, expected in ((MORNING, times[1]), (datetime(2026, 6, 30, 10), times[2])):
        with duckdb.connect() as connection:
            find(connection, raw, datetime(2026, 6, 30), last_run=last_run)
            found = connection.execute("from lead_loads").fetchall()
        assert found == [("cy", datetime.fromisoformat(expected))]


def test_an_address_that_is_another_ones_touches_all_whom_its_visitors_have_named(tmp_path):
    raw = write_raw(tmp_path / "raw", BEFORE)
    with duckdb.connect() as connection:
        connection.execute("create temp table moved as select 'dee@d.example' as email")
        find(connection, raw, moved="moved")
        found = connection.execute("from lead_loads order by lead_id").fetchall()
    assert found == [("cy", MORNING), ("dee", MORNING)]


def find(connection, raw, since=MORNING, last_run=MORNING, moved=None):
    rows = find_raw_rows(connection, load_settings({"LEADS_RAW": str(raw)}), raw)
    since = dict.fromkeys(rows, since)
    find_touched(connection, rows, since, last_run=last_run, moved=moved)
    return rows


def test_the_touched_score_as_in_a_daily_run_and_all_others_as_before(tmp_path):
    since = datetime(2026, 6, 29, 18)
    for name, condition in (("before", f"_loaded_at < timestamp '{since}'"), ("after", "true")):
        for file in SAMPLE.glob("*/*.parquet"):
            folder = tmp_path / name / "raw" / file.parent.name / file.stem
            folder.mkdir(parents=True)
            kind = "csv" if (file.parent.name, file.stem) in WRITTEN_AS_CSV else "parquet"
            duckdb.execute(f"copy (from '{file}' where {condition}) to '{folder}/sample.{kind}'")
        write_messy(tmp_path / name / "raw")
    with duckdb.connect() as connection:
        rows = find(connection, tmp_path / "after" / "raw", since)
        write_rows(connection, rows, tmp_path / "small" / "raw")
        touched = {lead_id for (lead_id,) in connection.execute("from touched_leads").fetchall()}
    assert 50 < len(touched) < 500
    before, after, small = (
        score_raw(tmp_path / name / "raw", tmp_path / name, models=SCORES)
        for name in ("before", "after", "small")
    )
    for mart in SCORES:
        assert read(small, mart, touched, True) == read(after, mart, touched, True)
        assert read(before, mart, touched, False) == read(after, mart, touched, False)


def read(warehouse, mart, touched, is_touched):
    """The rows of a mart of the leads that are touched, or are not; lead_id is the third column."""
    return {row for row in query(warehouse, f"from {mart}") if (row[2] in touched) == is_touched}
