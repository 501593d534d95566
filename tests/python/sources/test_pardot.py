"""What belongs here: that Pardot's tables, as Fivetran lands them, become the raw tables of the
contract, alone and beside Salesforce's, one decision after another in rows written by hand."""

import pytest
from dbt_runs import query, write_raw
from source_runs import read_sources

from samples.vendors.pardot import ZONE
from samples.vendors.salesforce import long_id

SYNCED = "2026-06-20 04:00:00.123 UTC"


def prospect(number, **columns):
    return {
        "id": number, "created_at": "2026-01-05 08:00:00 UTC",
        "updated_at": "2026-03-01 08:00:00 UTC", "_fivetran_deleted": "false", "opted_out": "",
        "is_archived": "false", "_fivetran_synced": SYNCED, "score": "77", "grade": "A",
        **columns,
    }  # fmt: skip


def happening(number, kind, name, who, **columns):
    return {
        "id": number, "type": kind, "type_name": name, "prospect_id": who,
        "created_at": "2026-03-20 23:30:00 UTC", "_fivetran_synced": SYNCED, **columns,
    }  # fmt: skip


def person(short, **columns):
    times = dict.fromkeys(("created_date", "system_modstamp"), "2026-01-02 00:00:00")
    return {"id": short, "is_deleted": "false", **times, "_fivetran_synced": SYNCED, **columns}


# Prospect 1 is a contact of Salesforce, 2 a lead that is a contact by now, 3 has a lead's address,
# 4 is nobody Salesforce knows, 5 lies in the recycle bin, 6 is gone.
TABLES = {
    "salesforce.lead": [
        person("00Q000000000Bea", email="bea@b.example", company="Bolt", title="CEO",
               is_converted="true", converted_date="2026-02-01",
               converted_contact_id="003000000000Bea"),
        person("00Q000000000Cem", email="Cem@c.example"),
    ],
    "salesforce.contact": [person("003000000000Ann", email="ann@a.example")],
    "salesforce.opportunity": [
        {"id": "006000000000One", "stage_name": "Won", "is_deleted": "true",
         "created_date": "2026-02-01"},
    ],
    "pardot.prospect": [
        prospect(1, email="ann.private@mail.example", crm_contact_fid=long_id("003000000000Ann"),
                 job_title="Buyer", website="http://www.a.example/x", opted_out="true"),
        prospect(2, email="bea@b.example", crm_lead_fid="00Q000000000Bea", job_title="Chief"),
        prospect(3, email="cem@c.example ", employees="12"),
        prospect(4, email="dan@d.example", prospect_account_id="9", is_do_not_email="true"),
        prospect(5, email="eve@e.example", is_archived="true"),
        prospect(6, email="flo@f.example", _fivetran_deleted="true"),
    ],
    "pardot.visitor": [{"id": "70", "prospect_id": "4"}, {"id": "71", "prospect_id": ""}],
    "pardot.visitor_activity": [
        happening(1, 1, "Email", 1, campaign_id="5", details="https://www.x.example/pricing"),
        happening(2, 1, "Custom Redirect", 2, visitor_id="72"),
        happening(3, 4, "Form", 3, visitor_id="73", details="Contact us"),
        happening(4, 2, "Landing Page", "", visitor_id="70"),
        happening(5, 2, "Landing Page", "", visitor_id="71"),
        happening(6, 25, "Webinar", 2, details="Spring"),
        happening(7, 99, "Hologram Call", 4),
        happening(8, 9, "Opportunity Won", 4),
        happening(9, 11, "Email", 99),
        happening(10, 35, "Email", 4, campaign_id="5"),
    ],
    "pardot.campaign": [{"id": "5", "name": "Spring", "_fivetran_synced": SYNCED}],
    "pardot.list": [{"id": "8", "name": "Readers", "title": ""}],
    "pardot.list_membership": [
        {"id": "80", "list_id": "8", "prospect_id": "1", "opted_out": "false",
         "created_at": "2026-02-01 12:00:00 UTC", "_fivetran_synced": SYNCED},
    ],
    "pardot.opportunity": [
        {"id": "90", "value": "500.0", "stage": "6 - Won", "status": "Won", "probability": "100",
         "closed_at": "2026-03-01 00:00:00 UTC", "created_at": "2026-02-01 00:00:00 UTC",
         "updated_at": "2026-03-01 00:00:00 UTC", "_fivetran_synced": SYNCED},
        {"id": "91", "value": "700.0", "stage": "Talk", "status": "Open", "probability": "30",
         "closed_at": "2026-09-01 00:00:00 UTC", "created_at": "2026-02-01 00:00:00 UTC",
         "updated_at": "2026-03-01 00:00:00 UTC", "_fivetran_synced": SYNCED},
    ],
    "pardot.opportunity_prospect": [
        {"opportunity_id": "90", "prospect_id": "4"},
        {"opportunity_id": "91", "prospect_id": "4"},
        {"opportunity_id": "91", "prospect_id": "3"},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def joined(tmp_path_factory):
    """Salesforce's and Pardot's people together; Pardot read as somebody in New York."""
    folder = tmp_path_factory.mktemp("joined")
    raw, warehouse = write_raw(folder / "raw", TABLES), folder / "leads.duckdb"
    outcome = read_sources(raw, warehouse, sources="salesforce,pardot", pardot_time_zone=ZONE)
    assert outcome.success, outcome.errors
    return warehouse


def read_view(warehouse, view, columns, where="true"):
    rows = query(warehouse, f"select {columns} from sources.{view} where {where} order by all")
    return [tuple(None if value is None else str(value) for value in row) for row in rows]


ANN = "salesforce:" + long_id("003000000000Ann")
BEA = "salesforce:" + long_id("00Q000000000Bea")
CEM = "salesforce:" + long_id("00Q000000000Cem")


def test_prospects_join_the_people_of_salesforce_by_link_first_and_else_by_address(joined):
    assert read_view(
        joined, "source_people", "vendor_lead_id, lead_id, joined_by", "vendor = 'pardot'"
    ) == [
        ("pardot:1", ANN, "link"),
        ("pardot:2", BEA, "link"),
        ("pardot:3", CEM, "address"),
        ("pardot:4", "pardot:4", None),
        ("pardot:5", "pardot:5", None),
        ("pardot:6", "pardot:6", None),
    ]


def test_pardot_fills_what_salesforce_lacks_and_never_its_score(joined):
    columns = "lead_id, email, job_title, company_domain, do_not_contact"
    last = "(lead_id, updated_at) in (select (lead_id, max(updated_at)) from {} group by lead_id)"
    assert read_view(
        joined, "raw_crm__leads", columns, last.format("sources.raw_crm__leads")
    )[-3:] == [
        (ANN, "ann@a.example", "Buyer", "a.example", "true"),
        (BEA, "bea@b.example", "CEO", None, "false"),
        (CEM, "Cem@c.example", None, None, "false"),
    ]  # fmt: skip
    names = query(joined, "select column_name from duckdb_columns() where schema_name = 'sources'"
                    " and table_name like 'raw_crm%'")  # fmt: skip
    assert not {"score", "grade"} & {name for (name,) in names}


def test_the_score_that_pardot_keeps_is_refused_as_a_field(tmp_path):
    with pytest.raises(AssertionError, match="names Score, Pardot's own score of a person"):
        read_sources(tmp_path, tmp_path / "new.duckdb", sources="pardot", pardot_fields=["Score"])


def test_deleted_prospects_and_those_in_the_recycle_bin_are_deleted(joined):
    assert read_view(
        joined, "pardot__leads", "lead_id, is_deleted, cast(updated_at as varchar)[:10]",
        "lead_id in ('pardot:4', 'pardot:5', 'pardot:6')",
    ) == [
        ("pardot:4", "False", "2026-03-01"),
        ("pardot:5", "True", "2026-03-01"),
        ("pardot:6", "False", "2026-03-01"),
        ("pardot:6", "True", "2026-06-20"),
    ]  # fmt: skip


def test_numbers_become_words_and_the_unknown_is_counted_by_name(joined):
    assert read_view(
        joined, "raw_email__events", "event_id, email, event_type, campaign_id, url"
    ) == [
        ("pardot:1", "ann@a.example", "click", "pardot:5", "https://www.x.example/pricing"),
        ("pardot:10", "dan@d.example", "unsubscribe", "pardot:5", None),
    ]
    assert read_view(joined, "raw_web__events", "event_id, visitor_id, email, event_type") == [
        ("pardot:2", "pardot:72", "bea@b.example", "link_click"),
        ("pardot:3", "pardot:73", "cem@c.example", "form_submit"),
        ("pardot:4", "pardot:70", "dan@d.example", "page_view"),
        ("pardot:5", "pardot:71", None, "page_view"),
    ]
    assert read_view(
        joined, "raw_crm__activities", "activity_id, lead_id, activity_type, subject"
    ) == [
        ("pardot:6", BEA, "webinar_attended", "Spring"),
        ("pardot:7", "pardot:4", "type_99_hologram_call", None),
        ("pardot:list:80", ANN, "list_added", "Readers"),
    ]
    assert read_view(
        joined, "pardot__row_counts", "table_name, reason, row_count",
        "vendor_table = 'visitor_activity' and reason is not null",
    ) == [
        ("crm.activities",
         "type 99 Hologram Call is not in source_words.csv: counts as nothing", "1"),
        (None, "is of nobody whose address is known", "1"),
        (None, "tells of a deal", "1"),
    ]  # fmt: skip


def test_times_are_those_of_the_zone_of_the_user(joined):
    when = "cast(occurred_at as varchar)[:19]"
    assert read_view(joined, "raw_crm__activities", when, "activity_id = 'pardot:6'") == [
        ("2026-03-21 03:30:00",)
    ]


def test_deals_are_salesforces_where_it_is_read_and_else_of_the_first_prospect(joined):
    assert read_view(joined, "raw_crm__opportunities", "opportunity_id") == []
    assert read_view(joined, "pardot__deals", "id, prospect_id, left_out") == [
        ("90", "4", "is told by Salesforce, which is read itself"),
        ("91", "3", "is told by Salesforce, which is read itself"),
    ]


def test_every_row_is_counted_once(joined):
    counts = query(
        joined,
        "select vendor || '.' || vendor_table, cast(sum(row_count) as int)"
        " from sources.source_row_counts group by 1",
    )
    assert dict(counts) == {name: len(rows) for name, rows in TABLES.items()}
