"""How times, numbers, truths and text of raw tables are read: each value for itself, from CSV and
Parquet alike, and what is none is set aside."""

from __future__ import annotations

import duckdb
import pytest
from dbt_runs import build_warehouse, lead, query, run_dbt, web_event, write_raw
from test_bad_input import GOOD_LEADS, READ_AND_SCORED, demand_that_rows_add_up

NO_TIME = "is not a timestamp such as 2026-01-31 10:00:00"
NAMED_ZONE = "names a time zone: write its offset, as in 2026-01-31 10:00:00+02:00"
ANY_NUMBER = (
    "is a number that may be any time: write seconds since 1970, or 2026-01-31 10:00:00"
)  # fmt: skip

# Text -> the UTC time it is, or why it is none. Those that name a zone stand between others: the
# engine's own reading would give the zone to the rows that follow.
TIMES = {
    "2026-01-01": "2026-01-01 00:00:00",
    "2026-01-01 10:00": "2026-01-01 10:00:00",
    "2026-01-01 10:00:00 Asia/Tokyo": NAMED_ZONE,
    "2026-01-01 10:00:00": "2026-01-01 10:00:00",
    "2026-01-01T10:00:00": "2026-01-01 10:00:00",
    " 2026-01-01 10:00:01\t": "2026-01-01 10:00:01",
    "2026-01-01 10:00:00.123456": "2026-01-01 10:00:00.123456",
    "2026-01-01 10:00:00.123456789": "2026-01-01 10:00:00.123456",
    "2026-01-01T10:00:00Z": "2026-01-01 10:00:00",
    "2026-01-01T10:00Z": "2026-01-01 10:00:00",
    "2026-01-01 10:00:00 UTC": "2026-01-01 10:00:00",
    "2026-01-01 10:00:00 CET": NAMED_ZONE,
    "2026-01-01T10:00:00+02": "2026-01-01 08:00:00",
    "2026-01-01T10:00:00.5+0230": "2026-01-01 07:30:00.5",
    "2026-01-01T10:00:00-05:30": "2026-01-01 15:30:00",
    "2026-01-01 10:00+02:00": "2026-01-01 08:00:00",
    "2026-01-01 10:00:00 +02:00": "2026-01-01 08:00:00",
    "2026-01-01T10:00:00+15:00": NO_TIME,
    "1767261600": "2026-01-01 10:00:00",
    "1767261600.25": "2026-01-01 10:00:00.25",
    "1767261600123": "2026-01-01 10:00:00.123",
    "1767261600123456": "2026-01-01 10:00:00.123456",
    "20260101": ANY_NUMBER,
    "20260101100000": ANY_NUMBER,
    "1.7672616e9": ANY_NUMBER,
    "46023": ANY_NUMBER,
    "epoch": NO_TIME,
    "infinity": NO_TIME,
    "01/02/2026": NO_TIME,
    "2026-1-1": NO_TIME,
    "2026-02-30": NO_TIME,
    "290000-01-01": NO_TIME,
    "1969-12-31": "lies before 1970",
    "0001-01-01 00:00:00": "lies before 1970",
    "9999-12-31": "lies more than a day after this run",
}

WHOLE = {
    "250": 250, "250.0": 250, "+7": 7, "0": 0, "": None,
    "5.6": "is not a whole number",
    "1_000": "is not a whole number such as 250", "0x10": "is not a whole number such as 250",
    "1,000": "is not a whole number such as 250", "1e3": "is not a whole number such as 250",
    "NaN": "is not a whole number such as 250", "true": "is not a whole number such as 250",
    "99999999999999999999": "is not a whole number such as 250",
}  # fmt: skip

AMOUNTS = {
    "1250": 1250, "1250.50": 1250.5, ".5": 0.5,
    **dict.fromkeys(
        ("NaN", "inf", "-Infinity", "1e30", "1_000", "0x10", "1,250.50", "€5", "true"),
        "is not a number such as 1250.50",
    ),
}  # fmt: skip

TRUTHS = {
    **dict.fromkeys(("true", "TRUE", "t", "yes", "y", "1", "1.0"), True),
    **dict.fromkeys(("false", "False", "f", "no", "N", "0", "0.0"), False),
    **dict.fromkeys(("2", "-1", "on", "maybe"), "is not true or false"),
}


def read_leads(raw, folder):
    """Stage the raw leads; returns how the run ended."""
    outcome = run_dbt(
        "run",
        "--select",
        "base_crm__leads stg_crm__leads",
        raw=raw,
        warehouse=folder / "leads.duckdb",
    )
    assert outcome.success, outcome.errors
    return folder / "leads.duckdb"


@pytest.fixture(scope="module")
def read_text(tmp_path_factory):
    """Every text of the tables above in a CSV row of its own: (column, text) -> what came of it."""
    folder = tmp_path_factory.mktemp("values")
    columns = {
        "created_at": TIMES, "employee_count": WHOLE,
        "annual_revenue": AMOUNTS, "is_deleted": TRUTHS,
    }  # fmt: skip
    rows, names = [], {}
    for column, texts in columns.items():
        for text in texts:
            names[f"R{len(rows)}"] = column, text
            rows.append(lead(f"R{len(rows)}", **{column: text}))
    warehouse = read_leads(write_raw(folder / "raw", {"crm.leads": rows}), folder)
    found = query(
        warehouse,
        "select lead_id, quarantine_column, quarantine_reason, strftime(created_at, '%x %X.%f'),"
        " employee_count, annual_revenue, is_deleted from staging.base_crm__leads",
    )
    read = {}
    for lead_id, fault, reason, *values in found:
        column, text = names[lead_id]
        assert fault in (None, column), text
        read[column, text] = reason if fault else values[list(columns).index(column)]
    return read


def test_a_time_is_read_by_its_own_text_alone(read_text):
    with duckdb.connect() as connection:
        for text, expected in TIMES.items():
            found = read_text["created_at", text]
            if expected[0].isdigit():
                sql = "select strftime(cast(? as timestamp), '%x %X.%f')"
                expected = connection.execute(sql, [expected]).fetchone()[0]
            assert found == expected, text


@pytest.mark.parametrize(
    ("column", "texts"),
    [("employee_count", WHOLE), ("annual_revenue", AMOUNTS), ("is_deleted", TRUTHS)],
)
def test_a_number_or_truth_is_read_where_it_is_one_without_doubt(read_text, column, texts):
    assert {text: read_text[column, text] for text in texts} == texts


def test_what_parquet_holds_is_read_like_text(tmp_path):
    """Physical times, counts and special values."""
    (tmp_path / "raw" / "crm").mkdir(parents=True)
    path = tmp_path / "raw" / "crm" / "leads.parquet"
    good = "timestamp '2026-01-01'"
    rows = {
        # (updated_at, created_at as a count, employee_count, annual_revenue, is_deleted)
        "fine": (good, 1767261600123, 5.0, 1250.5, 0),
        "seconds": (good, 1767261600, 5.0, 1.0, 1),
        "day_number": (good, 20454, 5.0, 1.0, 0),
        "fraction": (good, 1767261600, 5.6, 1.0, 0),
        "not_a_number": (good, 1767261600, "'nan'", 1.0, 0),
        "endless": (good, 1767261600, 5.0, "'inf'", 0),
        "huge": (good, 1767261600, 5.0, 1e30, 0),
        "two": (good, 1767261600, 5.0, 1.0, 2),
        "never": ("timestamp 'infinity'", 1767261600, 5.0, 1.0, 0),
        "year_290000": ("timestamp '290000-01-01'", 1767261600, 5.0, 1.0, 0),
        "moon_landing": ("timestamp '1969-07-20'", 1767261600, 5.0, 1.0, 0),
    }
    selects = [
        f"select '{name}' as lead_id, null::varchar as email, {updated} as updated_at,"
        f" {created}::bigint as created_at, {size}::double as employee_count,"
        f" {revenue}::double as annual_revenue, {deleted}::integer as is_deleted,"
        f" {good} as _loaded_at"
        for name, (updated, created, size, revenue, deleted) in rows.items()
    ]
    duckdb.sql(" union all ".join(selects)).write_parquet(str(path))
    warehouse = read_leads(tmp_path / "raw", tmp_path)
    faults = query(
        warehouse,
        "select lead_id, quarantine_column || ' ' || quarantine_reason from staging.base_crm__leads"
        " where quarantine_reason is not null",
    )
    assert dict(faults) == {
        "day_number": f"created_at {ANY_NUMBER}",
        "fraction": "employee_count is not a whole number",
        "not_a_number": "employee_count is not a whole number such as 250",
        "endless": "annual_revenue is not a number such as 1250.50",
        "huge": "annual_revenue is not a number such as 1250.50",
        "two": "is_deleted is not true or false",
        "never": "updated_at lies after the year 9999",
        "year_290000": "updated_at lies after the year 9999",
        "moon_landing": "updated_at lies before 1970",
    }
    created = query(
        warehouse,
        "select strftime(created_at, '%x %X.%g'), is_deleted from staging.stg_crm__leads"
        " order by lead_id",
    )
    assert created == [("2026-01-01 10:00:00.123", False), ("2026-01-01 10:00:00.000", True)]


def test_the_seller_may_expect_a_deal_to_close_later_than_today(tmp_path):
    deal = {"created_at": "2026-01-01", "updated_at": "2026-01-01", "_loaded_at": "2026-01-01"}
    deals = [
        {"opportunity_id": "ahead", "expected_close_on": "2131-06-30", **deal},
        {"opportunity_id": "never", "expected_close_on": "infinity", **deal},
        {"opportunity_id": "closed ahead", "closed_at": "2131-06-30", **deal},
    ]
    raw = write_raw(tmp_path / "raw", {"crm.leads": GOOD_LEADS, "crm.opportunities": deals})
    outcome = run_dbt(
        "run", "--select", "base_crm__opportunities stg_crm__opportunities",
        raw=raw, warehouse=tmp_path / "leads.duckdb",
    )  # fmt: skip
    assert outcome.success, outcome.errors
    assert query(
        tmp_path / "leads.duckdb",
        "select opportunity_id, cast(expected_close_on as varchar)"
        " from staging.stg_crm__opportunities",
    ) == [("ahead", "2131-06-30")]


@pytest.fixture(scope="module")
def messy(tmp_path_factory):
    """A warehouse of rows with invisible characters, and of rows that cannot be used because of
    values that say who somebody is."""
    leads = [
        lead("\u200bL1\ufeff", email=" One\u200b@acme.example\u00a0", first_name="\u00a0Zoë\u2009"),
        lead("L\u00ad2", email="\u00a0", first_name="می\u200cخواهم"),
        lead("\u2060\t", email="x@acme.example"),
        lead("L3", email="two@acme.example; three@acme.example"),
        lead("jane.doe@acme.example", created_at="Jane Doe, +49 151 23456789"),
        lead("+49 151 23456789", employee_count="Müller"),
        lead("0151-23456789", employee_count="-3"),
        lead("10001695", annual_revenue="jane@acme.example"),
    ]
    field = {"lead_id": "L1", "attribute": "Jane Doe", "value": "1", "updated_at": "soon"}
    demo = web_event("e1\u200d", "2026-06-20", email="one@acme.example", event_type="demo_request")
    other = {**demo, "event_id": "e2", "visitor_id": "w", "email": "two@acme.example"}
    tables = {
        "crm.leads": leads,
        "crm.lead_attributes": [{**field, "_loaded_at": "2026-01-01"}],
        "web.events": [demo, other],
    }
    return build_warehouse(
        tmp_path_factory.mktemp("messy"), tables, models=[*READ_AND_SCORED, "int_lead_profiles"]
    )


def test_what_nobody_sees_makes_no_other_id_or_address(messy):
    """Blanks and invisible characters: around text, and inside of what names somebody."""
    assert query(
        messy,
        "select lead_id, email, first_name from staging.stg_crm__leads where lead_id <> 'L3'"
        " order by lead_id",
    ) == [("L1", "one@acme.example", "Zoë"), ("L2", None, "می\u200cخواهم")]
    assert query(
        messy,
        "select lead_id, event_count from lead_score_ledger where rule_id = 'demo_request'",
    ) == [("L1", 1)]


def test_two_addresses_in_one_field_are_no_address_and_are_named(messy):
    kind = "select email_kind from intermediate.int_lead_profiles where lead_id = 'L3'"
    assert query(messy, kind) == [("invalid",)]
    demos = (
        "select count(*) from lead_score_ledger where rule_id = 'demo_request' and lead_id = 'L3'"
    )
    assert query(messy, demos) == [(0,)]
    warned = run_dbt(
        "--warn-error", "test", "--select", "warn_leads_with_several_addresses",
        raw=messy.with_name("raw"), warehouse=messy,
    )  # fmt: skip
    assert not warned.success
    assert "Got 1 result" in warned.errors


def test_what_is_published_of_a_row_set_aside_is_its_shape(messy):
    found = query(messy, "select row_key, column_name, masked_value from quarantine")
    assert set(found) == {
        (None, "lead_id", None),
        ("4 letters, ., 3 letters, @, 4 letters, ., 7 letters", "created_at",
         "4 letters, blank, 3 letters, ,, blank, +, 2 digits, blank, 3 digits, blank, 8 digits"),
        ("+, 2 digits, blank, 3 digits, blank, 8 digits", "employee_count", "6 letters"),
        ("4 digits, -, 8 digits", "employee_count", "-, 1 digit"),
        ("10001695", "annual_revenue", "4 letters, @, 4 letters, ., 7 letters"),
        ("L1 4 letters, blank, 3 letters", "updated_at", "4 letters"),
    }  # fmt: skip
    values = query(messy, "select value from intermediate.int_quarantined_rows")
    assert ("Jane Doe, +49 151 23456789",) in values, "whoever may open the warehouse finds it"


def test_a_load_that_lies_ahead_makes_no_feed_fresh_and_harms_no_later_run(tmp_path):
    """Impossible times of every kind, in text and as the engine knows them, over three runs."""
    ahead = web_event("ahead", "2026-06-20", _loaded_at="2130-01-01 00:00:00")
    never = web_event("never", "2026-06-20", occurred_at="infinity")
    good = web_event("good", "2026-06-20")
    tables = {"crm.leads": GOOD_LEADS, "web.events": [good, ahead, never]}
    warehouse = build_warehouse(tmp_path, tables)
    last = "select last_loaded_on from intermediate.int_feeds where table_name = 'web.events'"
    assert [str(day) for (day,) in query(warehouse, last)] == ["2026-06-20"]
    # The same as Parquet, where the engine holds them for times.
    write_raw(tmp_path / "raw", {"web.events": [good, {**ahead, "event_id": "a2"}]})
    events = tmp_path / "raw" / "web" / "events.csv"
    with duckdb.connect() as connection:
        connection.execute(
            "create table events as select * replace (occurred_at::timestamp as occurred_at,"
            f" _loaded_at::timestamp as _loaded_at) from read_csv('{events}')"
        )
        for time in ("infinity", "-infinity", "290000-01-01", "1969-12-31 23:59:59", "2130-01-01"):
            connection.execute(
                "insert into events select * replace ('e' || ? as event_id,"
                " cast(? as timestamp) as occurred_at) from events where event_id = 'good'",
                [time, time],
            )
        connection.execute(f"copy events to '{events.with_suffix('.parquet')}'")
    events.unlink()
    for _ in range(2):
        read_again(tmp_path / "raw", warehouse)
        assert [str(day) for (day,) in query(warehouse, last)] == ["2026-06-20"]
        assert query(warehouse, "select count(*) from quarantine") == [(6,)]
        assert query(warehouse, "select count(first_seen_at) from quarantine") == [(5,)]
        assert demand_that_rows_add_up(warehouse)


def test_events_that_change_in_place_are_noticed(tmp_path):
    """No longer readable, or readable again, under the same _loaded_at; a line of the file too."""
    # A day each: one that is read again for another event would hide what is tested.
    events = [web_event(f"e{n}", f"2026-06-2{n}", email="one@acme.example") for n in range(3)]
    tables = {"crm.leads": GOOD_LEADS, "web.events": events}
    warehouse = build_warehouse(tmp_path, tables)
    broken = [events[0], {**events[1], "event_id": ""}, {**events[2], "occurred_at": "soon"}]
    for rows, usable in ((broken, 1), (events, 3)):
        raw = write_raw(tmp_path / "raw", {"web.events": rows})
        if rows is broken:
            with (raw / "web" / "events.csv").open("a") as file:
                file.write("e9,v\n")
        read_again(raw, warehouse)
        set_aside = "select count(*) from quarantine where table_name = 'web.events'"
        assert query(warehouse, set_aside) == [(4 - usable - (rows is events),)]
        assert demand_that_rows_add_up(warehouse)
        counted = "select sum(event_count) from intermediate.int_web_event_days"
        assert query(warehouse, counted) == [(usable,)]


def read_again(raw, warehouse):
    """Read the raw tables in a warehouse that has been built, as far as the events are folded and
    the rows counted; fails where they do not add up."""
    outcome = run_dbt(
        "build", "--select", "+raw_row_counts", "+quarantine", "event_tables_read",
        "event_loads_read", "visitors_read", "assert_every_raw_row_is_accounted_for",
        "--exclude", "path:models/rule_book", "path:seeds", "--exclude-resource-type", "unit_test",
        "seed", raw=raw, warehouse=warehouse,
    )  # fmt: skip
    assert outcome.success, outcome.errors


def test_a_warehouse_of_text_keeps_the_same_rules(tmp_path):
    """Tables of the warehouse are read like files; their rows come from no file."""
    warehouse = tmp_path / "leads.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "create schema crm; create table crm.leads as select * from (values"
            " ('L1', null, '2026-01-01 10:00:00 Asia/Tokyo'), ('L2', null, '2026-01-01 10:00:00'))"
            " as t (lead_id, email, created_at), (select '2026-01-01' as updated_at,"
            " date '2026-01-01' as _loaded_at)"
        )
    (tmp_path / "raw").mkdir()
    outcome = run_dbt(
        "run", "--select", "base_crm__leads", raw=tmp_path / "raw", warehouse=warehouse
    )
    assert outcome.success, outcome.errors
    assert query(
        warehouse,
        "select lead_id, quarantine_reason, file_name, strftime(created_at, '%X')"
        " from staging.base_crm__leads order by lead_id",
    ) == [("L1", NAMED_ZONE, None, None), ("L2", None, None, "10:00:00")]
