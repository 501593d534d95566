"""What belongs here: what is measured of raw tables, with numbers that can be counted by hand."""

import shutil

from dbt_runs import activity, build_warehouse, email_event, lead, query, run_dbt, web_event

ADA = "ada@analytical.example"
BOB = "bob@builder.example"

RAW = {
    "crm.leads": [
        lead("1", email=ADA, account_id="A1"),
        lead("2", email=BOB),
        lead("3"),
        lead("4", email=" "),
        lead("5", email="x@y.example", created_at="soon"),
    ],
    "crm.activities": [
        activity("a1", "2026-06-24", "1", "call"),
        activity("a2", "2026-06-30", "nobody", "call"),
        activity("a3", "2026-06-23", "1", "call"),
    ],
    "web.events": [
        # Eight days ago, and after the day.
        web_event("w0", "2026-06-23", visitor_id="v1"),
        web_event("w9", "2026-07-01", visitor_id="v1", email=ADA),
        # Found by the address, by the visitor and by both: three events.
        web_event("w1", "2026-06-24", visitor_id="v1", email=ADA),
        web_event("w2", "2026-06-25", visitor_id="v1"),
        web_event("w3", "2026-06-26", visitor_id="", email=BOB),
        # Nobody's: a stranger, and a visitor with an address that no lead has.
        web_event("w4", "2026-06-26", visitor_id="v2"),
        web_event("w5", "2026-06-26", visitor_id="v3", email="z@z.example"),
        # Unusable.
        web_event("w6", "2026-06-28", visitor_id="v1", occurred_at="soon"),
    ],
    "email.events": [
        email_event("e1", "2026-06-29", email=ADA, url="https://x.example/a"),
        email_event("e2", "2026-06-29", email="z@z.example", url="https://x.example/a"),
        # Came eight days late.
        email_event("e3", "2026-06-20", email=ADA, _loaded_at="2026-06-28 00:00:00"),
    ],
}

EXPECTED = {
    ("crm.leads", "rows"): (5, 5),
    ("crm.leads", "quarantined_share"): (1 / 5, 5),
    ("crm.leads", "filled_email"): (2 / 4, 4),
    ("crm.leads", "filled_account_id"): (1 / 4, 4),
    ("crm.leads", "days_since_loaded"): (180, None),
    ("crm.activities", "rows"): (3, 3),
    ("crm.activities", "occurred_per_day"): (2 / 7, 2),
    ("crm.activities", "lead_found_share"): (1 / 2, 2),
    ("web.events", "rows"): (8, 8),
    ("web.events", "quarantined_share_7d"): (1 / 6, 6),
    ("web.events", "occurred_per_day"): (5 / 7, 5),
    ("web.events", "loaded_per_day"): (6 / 7, 6),
    ("web.events", "filled_visitor_id"): (5 / 6, 6),
    ("web.events", "filled_email"): (3 / 6, 6),
    ("web.events", "lead_found_share"): (3 / 5, 5),
    ("web.events", "days_since_occurred"): (4, None),
    ("email.events", "occurred_per_day"): (2 / 7, 2),
    ("email.events", "loaded_per_day"): (3 / 7, 3),
    ("email.events", "filled_email"): (1, 3),
    ("email.events", "lead_found_share"): (1 / 2, 2),
    ("email.events", "days_since_loaded"): (1, None),
}


def read_measures(warehouse, as_of="2026-06-30"):
    rows = query(
        warehouse,
        "select table_name, measure, value, row_count from intermediate.int_feed_measures"
        f" where as_of_date = '{as_of}'",
    )
    return {(table, measure): (value, count) for table, measure, value, count in rows}


def test_each_measure_is_what_its_rows_say_also_when_nothing_new_has_loaded(tmp_path):
    warehouse = build_warehouse(tmp_path, RAW)
    found = read_measures(warehouse)
    for key, (value, row_count) in EXPECTED.items():
        assert (round(found[key][0], 9), found[key][1]) == (round(value, 9), row_count), key
    # A table without any row is measured too, as far as it can be.
    assert found["crm.accounts", "rows"] == (0, 0)
    assert ("crm.accounts", "quarantined_share") not in found
    # Nothing is folded anew, on the day and on one before it: the measures are the same.
    again = tmp_path / "again" / "leads.duckdb"
    again.parent.mkdir()
    shutil.copy(warehouse, again)
    outcome = run_dbt(
        "run", "--exclude", "path:models/rule_book",
        raw=tmp_path / "raw", warehouse=again, as_of="2026-06-23,2026-06-30",
    )  # fmt: skip
    assert outcome.success, outcome.errors
    assert read_measures(again) == found
    assert read_measures(again, "2026-06-23")["web.events", "occurred_per_day"] == (1 / 7, 1)
