"""What belongs here: that what trackers of web sites land (GA4, Segment, Snowplow) becomes web
events of the contract, and that a visit finds its person among another vendor's people."""

import shutil

import duckdb
import pytest
from dbt_runs import PROJECT, lead, query, run_dbt, write_raw
from source_runs import read_sources, score_sources

SYNCED = "2026-06-20 04:00:00"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"
REAL_ROWS = PROJECT.parent / "shared/data/fivetran/dbt_ga4_export/event_data.csv"


def read_tables(folder, tables, sources, *models, **variables):
    """A warehouse of these models, with all that they are made of, from vendors' tables."""
    raw = write_raw(folder / "raw", tables)
    return score_sources(raw, folder, models=models, sources=sources, **variables)


def contact(name, number, **columns):
    times = dict.fromkeys(("property_createdate", "property_lastmodifieddate"), "2026-01-01")
    address = f"{name}@acme.example"
    return {"id": number, "property_email": address, **times, "_fivetran_synced": SYNCED, **columns}


def ga4(name, time, **columns):
    return {
        "_fivetran_id": f"{name} {time}", "name": name, "timestamp": f"2026-06-{time}",
        "date": f"2026-06-{time[:2]}", "user_pseudo_id": "1.1", "is_intraday": "False",
        "event_dimensions_hostname": "www.tidewater.example", "_fivetran_synced": SYNCED, **columns,
    }  # fmt: skip


def segment(id, time, **columns):
    return {
        "id": id, "anonymous_id": "anon", "timestamp": f"2026-06-{time}",
        "received_at": f"2026-06-{time[:2]} 23:00:00", **columns,
    }  # fmt: skip


def snowplow(event_id, **columns):
    return {
        "event_id": event_id, "event": "page_view", "event_name": "page_view",
        "domain_userid": "duid", "page_url": "https://www.tidewater.example/pricing",
        "useragent": BROWSER, "derived_tstamp": "2026-06-01 10:00:00",
        "collector_tstamp": "2026-06-01 10:00:05", "load_tstamp": "2026-06-01 10:09:00", **columns,
    }  # fmt: skip


TABLES = {
    "hubspot.contact": [
        contact("ann", 501, property_app_user="u-ann"),
        contact("bob", 502, property_hs_merged_object_ids="77"),
        contact("cat", 503, property_hs_additional_emails="cat@old.example"),
        contact("dan", 504, property_app_user="shared"),
        contact("eve", 505, property_app_user="shared"),
    ],
    "crm.leads": [lead("601", email="fay@acme.example")],
    "ga4.event": [
        ga4("page_view", "01 10:00:00", param_page_location="https://www.tidewater.example/pricing"),
        ga4("session_start", "01 10:00:00.5"),
        ga4("view_search_results", "01 10:01:00",
            param_page_location="https://www.tidewater.example/find?page=2&q=lead+scoring#top"),
        ga4("file_download", "01 10:02:00", user_id="u-ann"),
        ga4("page_view", "01 10:03:00", user_id="shared", user_pseudo_id="1.2"),
        ga4("page_view", "01 10:04:00", user_id="(not set)", user_pseudo_id="1.3"),
        ga4("page_view", "01 10:05:00", user_pseudo_id=None),
        ga4("page_view", "01 10:06:00", user_pseudo_id=None, user_id="Bob@acme.example"),
        # Of the 1st the final rows are there, of the 2nd not yet.
        ga4("page_view", "01 10:00:00", _fivetran_id="so far 1", is_intraday="True"),
        ga4("page_view", "02 10:00:00", _fivetran_id="so far 2", is_intraday="True"),
    ],
    "segment.pages": [
        segment("p1", "03 10:00:00", url="https://www.tidewater.example/pricing",
                context_user_agent=BROWSER),
        segment("p1", "03 10:00:00", url="https://www.tidewater.example/pricing",
                context_user_agent=BROWSER),
        segment("p2", "03 10:05:00", user_id="9", url="https://www.tidewater.example/demo"),
        segment("p3", "03 10:06:00", anonymous_id=None),
        segment("p4", "02 10:00:00", user_id="5", anonymous_id=None),
    ],
    "segment.tracks": [
        segment("t1", "04 10:00:00", event="demo_requested", user_id="8"),
        segment("t2", "04 10:01:00", event="Cart Viewed", user_id="u-ann", anonymous_id=None),
        segment("t3", "04 10:02:00", event="Searched", anonymous_id="other",
                context_page_url="https://www.tidewater.example/find?query=dashboards"),
        segment("t4", "04 10:03:00", event="signed_up", user_id="77", anonymous_id="other"),
    ],
    "segment.identifies": [
        segment("i1", "03 10:04:00", user_id="9", email="before@acme.example"),
        segment("i2", "03 10:04:30", user_id="8", email="cat@old.example"),
        segment("i4", "05 10:00:00", user_id="5", email="dan@acme.example", anonymous_id=None),
        segment("i3", "03 10:04:40", user_id="7", email="", anonymous_id="silent"),
    ],
    "segment.users": [
        {"id": "9", "email": "bob@acme.example", "received_at": "2026-06-03"},
        {"id": "9", "email": "stale@acme.example", "received_at": "2026-05-03"},
        {"id": "6"},
    ],
    "snowplow.events": [
        snowplow("s1", user_id="ann@acme.example"),
        snowplow("s2", derived_tstamp=None, load_tstamp=None, etl_tstamp="2026-06-01 10:00:07",
                 contexts_com_iab_snowplow_spiders_and_robots_1=(
                     '[{"spiderOrRobot":true,"category":"SPIDER_OR_ROBOT"}]')),
        snowplow("s3", event="struct", event_name="event", se_action="Sign Up",
                 contexts_com_iab_snowplow_spiders_and_robots_1='[{"spiderOrRobot":false}]'),
        snowplow("s4", domain_userid=None, contexts_nl_basjes_yauaa_context_1=(
                     '[{"deviceClass":"Robot","agentClass":"Robot Mobile"}]'),
                 contexts_com_snowplowanalytics_snowplow_client_session_1=(
                     '[{"sessionId":"a","userId":"app-1"}]')),
        snowplow("s5", domain_userid=None, user_id="501"),
        snowplow("s6", domain_userid=None),
        snowplow("s7", event="unstruct", event_name="submit_form"),
        snowplow("s8", domain_userid=None, user_id="601"),
    ],
    "snowplow.com_iab_snowplow_spiders_and_robots_1": [
        {"root_id": "s7", "spider_or_robot": "true"},
        {"root_id": "s1", "spider_or_robot": "false"},
    ],
}  # fmt: skip

VENDORS = "hubspot,own,ga4,segment,snowplow"
FOUND_BY = {"web_user_ids": ["app_user", "hubspot"], "hubspot_fields": ["app_user"]}


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    """All four vendors' tables as raw tables of the contract."""
    return read_tables(
        tmp_path_factory.mktemp("web"), TABLES, VENDORS, "raw_web__events",
        "ga4__row_counts", "segment__row_counts", "snowplow__row_counts", **FOUND_BY,
    )  # fmt: skip


def read_events(warehouse, vendor, *columns):
    rows = query(
        warehouse,
        f"select event_id, {', '.join(columns)} from sources.raw_web__events "
        f"where event_id like '{vendor}:%' order by occurred_at, event_id",
    )
    return [(row[0].split(":", 1)[1], *row[1:]) for row in rows]


def count_rows(warehouse, vendor):
    return {
        (vendor_table, table_name, reason): count
        for vendor_table, table_name, reason, count in query(
            warehouse,
            f"select vendor_table, table_name, reason, row_count from sources.{vendor}__row_counts",
        )
    }


def test_ga4s_events_are_web_events(warehouse):
    site = "https://www.tidewater.example"
    columns = ("visitor_id", "event_type", "url", "search_term")
    assert read_events(warehouse, "ga4", *columns) == [
        ("page_view 01 10:00:00", "ga4:1.1", "page_view", f"{site}/pricing", None),
        ("session_start 01 10:00:00.5", "ga4:1.1", "session_start", site, None),
        ("view_search_results 01 10:01:00", "ga4:1.1", "search",
         f"{site}/find?page=2&q=lead+scoring#top", "lead scoring"),
        ("file_download 01 10:02:00", "ga4:1.1", "download", site, None),
        ("page_view 01 10:03:00", "ga4:1.2", "page_view", site, None),
        ("page_view 01 10:04:00", "ga4:1.3", "page_view", site, None),
        ("page_view 01 10:06:00", "ga4:user:Bob@acme.example", "page_view", site, None),
        ("so far 2", "ga4:1.1", "page_view", site, None),
    ]  # fmt: skip


def test_every_row_of_ga4_is_in_or_left_out_for_a_reason(warehouse):
    assert count_rows(warehouse, "ga4") == {
        ("event", "web.events", None): 8,
        ("event", None, "names nobody: without consent GA4 keeps no id"): 1,
        ("event", None, "of the day so far: the final rows of the day are there"): 1,
    }


def test_the_id_of_a_user_finds_the_person_whose_field_holds_it(warehouse):
    """u-ann is Ann's in HubSpot's field; `shared` is that of two people, and so nobody's."""
    emails = dict(read_events(warehouse, "ga4", "email"))
    assert {name: email for name, email in emails.items() if email} == {
        "file_download 01 10:02:00": "ann@acme.example",
        "page_view 01 10:06:00": "Bob@acme.example",
    }
    assert dict(read_events(warehouse, "segment", "email"))["t2"] == "ann@acme.example"


def test_segments_rows_are_web_events(warehouse):
    site = "https://www.tidewater.example"
    columns = ("visitor_id", "email", "event_type", "url", "search_term", "user_agent")
    assert read_events(warehouse, "segment", *columns) == [
        ("p4", "segment:user:5", "dan@acme.example", "page_view", None, None, None),
        # Twice as delivered twice: the contract counts it once.
        *[("p1", "segment:anon", None, "page_view", f"{site}/pricing", None, BROWSER)] * 2,
        # Whom the id names today counts, not the address that was given then.
        ("i1", "segment:anon", "bob@acme.example", "identify", None, None, None),
        # An address that HubSpot has of Cat beside her own.
        ("i2", "segment:anon", "cat@acme.example", "identify", None, None, None),
        ("i3", "segment:silent", None, "identify", None, None, None),
        ("p2", "segment:anon", "bob@acme.example", "page_view", f"{site}/demo", None, None),
        ("t1", "segment:anon", "cat@acme.example", "demo_request", None, None, None),
        ("t2", "segment:user:u-ann", "ann@acme.example", "Cart Viewed", None, None, None),
        ("t3", "segment:other", None, "search", f"{site}/find?query=dashboards", "dashboards",
         None),
        # Bob by the id of somebody who was merged with him.
        ("t4", "segment:other", "bob@acme.example", "signup", None, None, None),
        ("i4", "segment:user:5", "dan@acme.example", "identify", None, None, None),
    ]  # fmt: skip


def test_segments_rows_load_when_they_were_received(warehouse):
    times = read_events(
        warehouse, "segment", "cast(occurred_at as text)", "cast(_loaded_at as text)"
    )
    assert ("t3", "2026-06-04 10:02:00", "2026-06-04 23:00:00") in times


def test_every_row_of_segment_is_in_or_left_out_for_a_reason(warehouse):
    assert count_rows(warehouse, "segment") == {
        ("pages", "web.events", None): 4,
        ("pages", None, "names nobody"): 1,
        ("tracks", "web.events", None): 4,
        ("identifies", "web.events", None): 4,
        ("users", "web.events", "tells the address of a user"): 2,
        ("users", None, "has no address"): 1,
    }


def test_snowplows_events_are_web_events(warehouse):
    columns = ("visitor_id", "email", "event_type", "user_agent", "cast(_loaded_at as text)")
    robot = "machine: spiders and robots, says Snowplow"
    loaded = "2026-06-01 10:09:00"
    assert sorted(read_events(warehouse, "snowplow", *columns)) == [
        ("s1", "snowplow:duid", "ann@acme.example", "page_view", BROWSER, loaded),
        ("s2", "snowplow:duid", None, "page_view", robot, "2026-06-01 10:00:07"),
        ("s3", "snowplow:duid", None, "signup", BROWSER, loaded),
        ("s4", "snowplow:app-1", None, "page_view", "machine: Robot Mobile, says Snowplow", loaded),
        ("s5", "snowplow:user:501", "ann@acme.example", "page_view", BROWSER, loaded),
        ("s7", "snowplow:duid", None, "form_submit", robot, loaded),
        # 601 is a lead's id by chance: nobody has said that these are ids of those leads.
        ("s8", "snowplow:user:601", None, "page_view", BROWSER, loaded),
    ]
    times = dict(read_events(warehouse, "snowplow", "cast(occurred_at as text)"))
    assert times["s1"] == "2026-06-01 10:00:00"
    assert times["s2"] == "2026-06-01 10:00:05"


def test_every_row_of_snowplow_is_in_or_left_out_for_a_reason(warehouse):
    assert count_rows(warehouse, "snowplow") == {
        ("events", "web.events", None): 4,
        ("events", "web.events", "a machine's, says Snowplow"): 3,
        ("events", None, "names nobody"): 1,
        ("com_iab_snowplow_spiders_and_robots_1", "web.events",
         "tells whether it was a machine"): 2,
    }  # fmt: skip


def test_whom_a_name_stands_for(warehouse):
    """HubSpot's ids that events have, that of who was merged, too; a field's values; and former
    addresses."""
    assert dict(query(warehouse, "select name, email from sources.source_names")) == {
        "501": "ann@acme.example",
        "77": "bob@acme.example",
        "u-ann": "ann@acme.example",
        "cat@old.example": "cat@acme.example",
    }


def test_whose_address_has_changed_or_came_late_has_events_folded_anew(warehouse):
    """9 was somebody else's address before, 5 was seen before an address was known; 8 has had one
    from the first event on."""
    assert query(warehouse, "select * from sources.segment__aliases order by 1") == [
        ("segment:5", "dan@acme.example"),
        ("segment:9", "bob@acme.example"),
    ]


def test_bigquerys_own_export_of_ga4_is_read_too(tmp_path):
    """Nested parameters, microseconds, and a table of the day so far beside the final one."""
    folder = tmp_path / "raw/ga4/event"
    folder.mkdir(parents=True)
    row = """
        select '1.1' as user_pseudo_id, null::varchar as user_id, '{name}' as event_name,
            1780308000000000 + {second}::bigint * 1000000 as event_timestamp, '{day}' as event_date,
            7 as event_bundle_sequence_id, 0 as batch_event_index,
            [{{'key': 'ga_session_id', 'value': {{'string_value': null, 'int_value': 7}}}},
             {{'key': 'page_location', 'value': {{'string_value': '{url}', 'int_value': null}}}},
             {{'key': 'page_title', 'value': {{'string_value': 'A, or B', 'int_value': null}}}}
            ] as event_params
    """
    one, two = "https://a.example/pricing?ids=1,2", "https://a.example/plain"
    tables = {
        "events_20260601": [("page_view", 0, "20260601", one), ("scroll", 1, "20260601", two)],
        "events_intraday_20260601": [("page_view", 0, "20260601", one)],
        "events_intraday_20260602": [("page_view", 86400, "20260602", two)],
    }
    with duckdb.connect() as connection:
        for table, rows in tables.items():
            selects = " union all ".join(
                row.format(name=name, second=second, day=day, url=url)
                for name, second, day, url in rows
            )
            connection.execute(f"copy ({selects}) to '{folder}/{table}.parquet'")
    warehouse = read_tables(tmp_path, {}, "ga4", "ga4__web_events")
    assert query(
        warehouse,
        "select event_type, url, cast(occurred_at as text) from sources.ga4__web_events order by 3",
    ) == [
        ("page_view", one, "1780308000000000"),
        ("scroll", two, "1780308001000000"),
        ("page_view", two, "1780394400000000"),
    ]


@pytest.mark.skipif(not REAL_ROWS.exists(), reason="GA4's real rows are not beside the project")
def test_real_rows_of_ga4_are_all_read(tmp_path):
    """Four of six are of the day so far, of which the final rows are there."""
    raw = tmp_path / "raw/ga4"
    raw.mkdir(parents=True)
    shutil.copy(REAL_ROWS, raw / "event.csv")
    warehouse = read_tables(tmp_path, {}, "ga4", "base_web__events", "ga4__row_counts")
    assert count_rows(warehouse, "ga4") == {
        ("event", "web.events", None): 2,
        ("event", None, "of the day so far: the final rows of the day are there"): 4,
    }
    assert query(
        warehouse, "select visitor_id, quarantine_reason from staging.base_web__events order by 1"
    ) == [("ga4:pseudo_124", None), ("ga4:pseudo_789", None)]


def test_a_tracker_alone_can_be_looked_at_but_has_nobody_to_score(tmp_path):
    """Raw tables of the contract in the warehouse are not read either: nobody has named them."""
    raw = write_raw(tmp_path / "raw", {"ga4.event": TABLES["ga4.event"]})
    warehouse = tmp_path / "leads.duckdb"
    looked = read_sources(raw, warehouse, sources="ga4")
    assert looked.success, looked.errors
    assert ("ga4", "web.events", 8) in query(
        warehouse, "select vendor, table_name, row_count from sources.source_tables"
    )
    assert query(warehouse, "select * from sources.source_people") == []
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema crm")
        connection.execute("create table crm.leads as select '1' as lead_id")
        connection.execute("create table crm.lead_feedback as select '1' as lead_id")
    scored = run_dbt(
        "run", "--select", "base_crm__leads", "base_crm__lead_feedback", raw=raw,
        warehouse=warehouse, variables={"sources": "ga4"},
    )  # fmt: skip
    assert not scored.success
    assert (
        "LEADS_SOURCES names ga4, and nobody is there to score: ga4 has events and no people. "
        "Name where the people are before, as LEADS_SOURCES=hubspot,ga4"
    ) in scored.errors
    assert "lead_feedback" not in scored.errors
    assert query(warehouse, "select * from staging.base_crm__lead_feedback") == []
