"""Raw tables as they come: what cannot be used is said in a sentence, and nothing else is lost."""

from __future__ import annotations

import duckdb
import pytest
from dbt_runs import (
    SCORES,
    build_warehouse,
    lead,
    query,
    run_dbt,
    score_raw,
    web_event,
    write_raw,
)

TABLES = [
    "crm.accounts", "crm.activities", "crm.lead_attributes", "crm.lead_feedback", "crm.leads",
    "crm.opportunities", "crm.opportunity_stages", "email.campaigns", "email.events", "web.events",
]  # fmt: skip

# What tells what became of raw rows.
READ = ("raw_row_counts", "quarantine")
READ_AND_SCORED = (*SCORES, *READ)

GOOD_LEADS = [lead("L1", email="one@acme.example"), lead("L2", email="two@acme.example")]


def stage(raw, folder, *, select="path:models/staging"):
    """Run the staging of raw tables; returns how it ended."""
    return run_dbt("run", "--select", select, raw=raw, warehouse=folder / "leads.duckdb")


def test_a_missing_required_table_stops_the_run_with_one_sentence(tmp_path):
    raw = write_raw(tmp_path / "raw", {"web.events": [web_event("e1", "2026-06-01")]})
    outcome = stage(raw, tmp_path, select="base_crm__leads")
    assert not outcome.success
    assert "The required raw table crm.leads is missing" in outcome.errors
    assert str(raw / "crm" / "leads") in outcome.errors


def test_a_missing_column_stops_the_run_with_one_sentence(tmp_path):
    row = {key: value for key, value in GOOD_LEADS[0].items() if key != "updated_at"}
    outcome = stage(write_raw(tmp_path / "raw", {"crm.leads": [row]}), tmp_path,
                    select="base_crm__leads")  # fmt: skip
    assert not outcome.success
    assert "The raw table crm.leads has no column updated_at, which is required." in outcome.errors


def test_a_table_that_is_there_twice_stops_the_run(tmp_path):
    raw = write_raw(tmp_path / "raw", {"crm.leads": GOOD_LEADS})
    (raw / "crm" / "leads").mkdir()
    (raw / "crm" / "leads.csv").rename(raw / "crm" / "leads" / "part-1.csv")
    write_raw(raw, {"crm.leads": GOOD_LEADS})
    outcome = stage(raw, tmp_path, select="base_crm__leads")
    assert not outcome.success
    assert "crm.leads is there more than once" in outcome.errors


BROKEN_ROWS = {
    "text in a number column": (
        "crm.leads", lead("bad", employee_count="about 200"),
        ("employee_count", "about 200", "is not a whole number such as 250"),
    ),
    "text in a money column": (
        "crm.leads", lead("bad", annual_revenue="n/a"),
        ("annual_revenue", "n/a", "is not a number such as 1250.50"),
    ),
    "an unreadable truth": (
        "crm.leads", lead("bad", is_deleted="perhaps"),
        ("is_deleted", "perhaps", "is not true or false"),
    ),
    "a negative size": (
        "crm.leads", lead("bad", employee_count=-5), ("employee_count", "-5", "is negative"),
    ),
    "a missing key": (
        "crm.leads", lead(None, email="x@acme.example"), ("lead_id", None, "is missing"),
    ),
    "an unreadable timestamp": (
        "web.events", web_event("bad", "2026-06-01", occurred_at="last Tuesday"),
        ("occurred_at", "last Tuesday", "is not a timestamp such as 2026-01-31 10:00:00"),
    ),
    "a day that does not exist": (
        "web.events", web_event("bad", "2026-06-01", occurred_at="2026-02-30 10:00:00"),
        ("occurred_at", "2026-02-30 10:00:00", "is not a timestamp such as 2026-01-31 10:00:00"),
    ),
    "a missing timestamp": (
        "web.events", web_event("bad", "2026-06-01", occurred_at=""),
        ("occurred_at", None, "is missing"),
    ),
    "an event from the future of its load": (
        "web.events", web_event("bad", "2026-06-01", occurred_at="2026-06-02 12:00:01"),
        ("occurred_at", "2026-06-02 12:00:01", "lies more than a day after its own _loaded_at"),
    ),
    "an event that occurs when it can no longer be foreseen": (
        "web.events", web_event("bad", "2026-06-01", occurred_at="infinity"),
        ("occurred_at", "infinity", "is not a timestamp such as 2026-01-31 10:00:00"),
    ),
    "an event before there was a web": (
        "web.events", web_event("bad", "2026-06-01", occurred_at="1969-12-31 23:59:59"),
        ("occurred_at", "1969-12-31 23:59:59", "lies before 1970"),
    ),
    "a load that lies ahead": (
        "web.events", web_event("bad", "2026-06-01", _loaded_at="2130-01-01 00:00:00"),
        ("_loaded_at", "2130-01-01 00:00:00", "lies more than a day after this run"),
    ),
}  # fmt: skip


def test_a_row_that_cannot_be_used_is_quarantined_and_the_rest_is_scored(tmp_path):
    """All faults at once, each in a row of its own: one fault must not take another row along."""
    rows = {"crm.leads": list(GOOD_LEADS), "web.events": [web_event("good", "2026-06-01")]}
    for number, (table, row, _) in enumerate(BROKEN_ROWS.values()):
        key = "lead_id" if table == "crm.leads" else "event_id"
        rows[table].append({**row, key: f"bad{number}" if row[key] else None})
    warehouse = build_warehouse(tmp_path, rows, models=READ_AND_SCORED)
    found = query(
        warehouse,
        "select table_name, file_name, row_key, column_name, value, reason"
        " from intermediate.int_quarantined_rows",
    )
    expected = set()
    for number, (table, _, fault) in enumerate(BROKEN_ROWS.values()):
        key = None if fault[0] == "lead_id" else f"bad{number}"
        expected.add((table, f"{table.replace('.', '/')}.csv", key, *fault))
    assert set(found) == expected
    assert len(found) == len(expected)
    assert query(warehouse, "select count(distinct lead_id) from lead_scores") == [(2,)]
    assert query(warehouse, "select event_id from staging.stg_web__events") == [("good",)]
    assert demand_that_rows_add_up(warehouse)


def demand_that_rows_add_up(warehouse) -> bool:
    """No row has vanished: read = staged + duplicates + quarantined in every table."""
    return not query(
        warehouse,
        """
        from intermediate.raw_row_counts as counts
        where rows_read <> rows_staged + rows_duplicate
            + (select count(*) from quarantine where quarantine.table_name = counts.table_name)
        """,
    )


@pytest.fixture(scope="module")
def delivered(tmp_path_factory):
    """A warehouse with events whose times or deliveries are odd, each in a row of its own."""
    again = web_event("again", "2026-06-20", email="one@acme.example", event_type="demo_request")
    events = [
        web_event("ahead", "2026-06-01", occurred_at="2026-06-02 12:00:00"),
        web_event(
            "offset", "2026-06-01", occurred_at="2026-06-01T23:30:00-02:00", _loaded_at="2026-06-02"
        ),
        {**again, "_loaded_at": "2026-06-25 00:00:00"}, again, again,
    ]  # fmt: skip
    folder = tmp_path_factory.mktemp("delivered")
    tables = {"crm.leads": GOOD_LEADS, "web.events": events}
    return build_warehouse(folder, tables, models=READ_AND_SCORED)


def test_a_day_between_the_clocks_of_two_systems_is_no_future(delivered):
    assert query(delivered, "select count(*) from quarantine") == [(0,)]
    assert query(
        delivered, "select count(*) from staging.stg_web__events where event_id = 'ahead'"
    ) == [(1,)]


def test_an_offset_in_a_timestamp_is_applied(delivered):
    occurred = query(
        delivered,
        "select strftime(occurred_at, '%c') from staging.stg_web__events where event_id = 'offset'",
    )
    assert occurred == [("2026-06-02 01:30:00",)]


def test_an_event_delivered_again_counts_once(delivered):
    assert query(
        delivered, "select event_count from lead_score_ledger where rule_id = 'demo_request'"
    ) == [(1,)]
    # Five rows, two of them copies of one of the three events.
    assert query(
        delivered,
        "select rows_read, rows_staged, rows_duplicate from intermediate.raw_row_counts"
        " where table_name = 'web.events'",
    ) == [(5, 3, 2)]
    kept = query(
        delivered,
        "select cast(known_on as varchar) from intermediate.int_web_event_days"
        " where seen_count > 0 and occurred_on = '2026-06-20'",
    )
    assert kept == [("2026-06-20",)], "the copy loaded first counts"


def test_tables_that_are_empty_each_in_its_way_are_scored_as_such(tmp_path):
    """A CSV file that holds its header alone, a Parquet file without rows, and no file."""
    raw = write_raw(tmp_path / "raw", {"crm.leads": GOOD_LEADS})
    for folder in ("web", "email"):
        (raw / folder).mkdir()
    (raw / "web" / "events.csv").write_text(
        "event_id,visitor_id,event_type,occurred_at,_loaded_at\n"
    )
    duckdb.sql(
        "select '' as event_id, '' as email, '' as event_type,"
        " timestamp '2026-01-01' as occurred_at, timestamp '2026-01-01' as _loaded_at limit 0"
    ).write_parquet(str(raw / "email" / "events.parquet"))
    warehouse = score_raw(raw, tmp_path, models=READ_AND_SCORED)
    rows = dict(query(warehouse, "select table_name, rows_read from intermediate.raw_row_counts"))
    assert {name: rows[name] for name in ("web.events", "email.events", "crm.activities")} == {
        "web.events": 0, "email.events": 0, "crm.activities": 0,
    }  # fmt: skip
    assert query(warehouse, "select count(distinct lead_id) from lead_scores") == [(2,)]


def test_a_file_without_a_byte_is_named(tmp_path):
    raw = write_raw(tmp_path / "raw", {"crm.leads": GOOD_LEADS, "web.events": []})
    assert (raw / "web" / "events.csv").read_bytes().strip() == b""
    outcome = stage(raw, tmp_path)
    assert not outcome.success
    assert "The raw file web/events.csv is empty" in outcome.errors


def test_no_lead_at_all_gives_empty_marts_and_no_error(tmp_path):
    raw = tmp_path / "raw"
    (raw / "crm").mkdir(parents=True)
    (raw / "crm" / "leads.csv").write_text("lead_id,email,created_at,updated_at,_loaded_at\n")
    warehouse = score_raw(raw, tmp_path)
    for mart in ("lead_scores", "lead_score_ledger", "scored_leads", "quarantine"):
        assert query(warehouse, f"select count(*) from {mart}") == [(0,)]


def test_parquet_csv_and_folders_of_files_read_the_same(tmp_path):
    csv_raw = write_raw(tmp_path / "csv", {"crm.leads": GOOD_LEADS})
    folder_raw = tmp_path / "folder"
    for number, row in enumerate(GOOD_LEADS):
        write_raw(folder_raw, {"crm.leads": [row]})
        part = folder_raw / "crm" / "leads" / f"day={number}" / "part.csv"
        part.parent.mkdir(parents=True)
        (folder_raw / "crm" / "leads.csv").rename(part)
    parquet_raw = tmp_path / "parquet"
    (parquet_raw / "crm").mkdir(parents=True)
    duckdb.sql(f"from read_csv('{csv_raw}/crm/leads.csv')").write_parquet(
        str(parquet_raw / "crm" / "leads.parquet")
    )
    staged = []
    for raw in (csv_raw, folder_raw, parquet_raw):
        folder = raw / "warehouse"
        folder.mkdir()
        assert stage(raw, folder).success
        staged.append(
            query(folder / "leads.duckdb", "from staging.stg_crm__leads order by lead_id")
        )
    assert staged[0] == staged[1] == staged[2]
    assert len(staged[0]) == 2


def test_tables_in_the_warehouse_are_read_where_there_are_no_files(tmp_path):
    warehouse = tmp_path / "leads.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema crm")
        connection.execute(
            "create table crm.leads as select 'L1' as lead_id, 'one@acme.example' as email,"
            " timestamp '2026-01-01' as created_at, timestamp '2026-01-01' as updated_at,"
            " timestamptz '2026-01-01 00:00:00+02' as _loaded_at"
        )
    (tmp_path / "raw").mkdir()
    outcome = stage(tmp_path / "raw", tmp_path)
    assert outcome.success, outcome.errors
    loaded = "select lead_id, strftime(_loaded_at, '%c') from staging.stg_crm__leads"
    assert query(warehouse, loaded) == [("L1", "2025-12-31 22:00:00")]


def test_every_raw_table_is_accounted_for(tmp_path):
    """read = staged + duplicates + quarantined, with one of each in every table."""
    ok = {"updated_at": "2026-01-01", "_loaded_at": "2026-01-01", "created_at": "2026-01-01"}
    good = {
        "crm.leads": lead("L1"),
        "crm.lead_attributes": {"lead_id": "L1", "attribute": "budget", "value": "1", **ok},
        "crm.accounts": {"account_id": "A1", **ok},
        "crm.opportunities": {"opportunity_id": "O1", **ok},
        "crm.opportunity_stages": {
            "opportunity_id": "O1", "stage": "won", "entered_at": "2026-01-01", **ok,
        },
        "crm.activities": {
            "activity_id": "C1", "lead_id": "L1", "activity_type": "call",
            "occurred_at": "2026-01-01", **ok,
        },
        "crm.lead_feedback": {
            "lead_id": "L1", "verdict": "accepted", "decided_at": "2026-01-01", **ok,
        },
        "web.events": web_event("W1", "2026-01-01", email="one@acme.example"),
        "email.events": email_row("E1"),
        "email.campaigns": {"campaign_id": "M1", **ok},
    }  # fmt: skip
    rows = {name: [row, row, {**row, "_loaded_at": "not a time"}] for name, row in good.items()}
    warehouse = build_warehouse(tmp_path, rows, models=READ)
    counts = query(
        warehouse,
        """
        select table_name, rows_read, rows_staged, rows_duplicate,
            (select count(*) from quarantine where quarantine.table_name = counts.table_name)
        from intermediate.raw_row_counts as counts order by table_name
        """,
    )
    assert counts == [(name, 3, 1, 1, 1) for name in TABLES]


def email_row(event_id: str):
    """A raw mail event of the first of January."""
    return {
        "event_id": event_id, "email": "one@acme.example", "event_type": "open",
        "occurred_at": "2026-01-01", "_loaded_at": "2026-01-01",
    }  # fmt: skip
