"""What belongs here: what becomes of single rows of HubSpot's tables, one decision after another,
in one warehouse of rows written by hand; beside HubSpot lie raw tables of the contract."""

import re
from datetime import datetime

import pytest
from dbt_runs import email_event, lead, query, web_event, write_raw
from source_runs import read_sources

from orchestration.lib.asked.sources import ask, describe_sources
from orchestration.lib.basics.warehouse import attach_warehouse

SYNCED = {"_fivetran_synced": "2026-05-01 3:00:00"}


def contact(number: int, **properties: object) -> dict[str, object]:
    """A contact made in January 2026."""
    times = {"property_createdate": "2026-01-01 9:00:00", "_fivetran_deleted": "FALSE", **SYNCED}
    named = {f"property_{name}": value for name, value in properties.items()}
    return {"id": number, **times, **named}


def change(number: int, day: str, name: str, value: str, key: str = "contact_id"):
    return {key: number, "name": name, "value": value, "timestamp": f"{day} 12:00:00", **SYNCED}


def mail(event: str, kind: str, recipient: str, **columns: object) -> dict[str, object]:
    times = {"created": "2026-03-01 8:00:00", **SYNCED}
    return {
        "id": event,
        "type": kind,
        "recipient": recipient,
        "email_campaign_id": 5,
        **times,
        **columns,
    }


HUBSPOT = {
    "hubspot.contact": [
        contact(1, email="Ada@firm.example", hs_additional_emails="ada@home.example",
                hs_merged_object_ids="2", jobtitle="CTO", numemployees="1-5", country="Germany",
                lastmodifieddate="2026-04-01 10:00:00", lifecyclestage="lead"),
        contact(2, email="ada@old.example", hs_merged_object_ids="3", _deleted="x"),
        contact(4, email="bob@firm.example", numemployees="250",
                website="https://www.Firm.example/x"),
        {**contact(5, email="gone@firm.example"), "_fivetran_deleted": "TRUE"},
        contact(6, email="cyd@own.example", lastname="Hill"),
        contact(7, email="dee@firm.example", createdate="soon"),
    ],
    "hubspot.contact_property_history": [
        change(1, "2026-01-02", "jobtitle", "Engineer"),
        change(1, "2026-02-02", "jobtitle", "CTO"),
        change(1, "2026-02-02", "lifecyclestage", "subscriber"),
        change(1, "2026-03-02", "lifecyclestage", "lead"),
        change(1, "2026-01-02", "email", "ada@maiden.example"),
        change(1, "2026-01-05", "budget", "100"),
        change(1, "2026-01-06", "shoe_size", "38"),
        change(99, "2026-01-06", "jobtitle", "Nobody"),
    ],
    "hubspot.contact_merge_audit": [
        {"canonical_vid": 2, "vid_to_merge": 3, "timestamp": "2026-02-10 10:00:00"},
    ],
    "hubspot.email_event": [
        mail("e1", "OPEN", "ada@old.example"),
        mail("e2", "CLICK", "ada@home.example", filtered_event="TRUE"),
        mail("e3", "BOUNCE", "bob@firm.example"),
        mail("e4", "BOUNCE", "bob@firm.example"),
        mail("e5", "STATUSCHANGE", "bob@firm.example"),
        mail("e6", "SPAMREPORT", "ada@maiden.example"),
        mail("e7", "DELIVERED", "stranger@else.example"),
    ],
    "hubspot.email_event_bounce": [
        {"id": "e3", "category": "THROTTLED"}, {"id": "e4", "category": "UNKNOWN_USER"},
    ],
    "hubspot.email_event_click": [
        {"id": "e2", "url": "https://firm.example/a", "user_agent": "Bot"},
    ],
    "hubspot.email_event_status_change": [
        {"id": "e5", "portal_subscription_status": "UNSUBSCRIBED"},
    ],
    "hubspot.engagement_meeting": [
        {"engagement_id": 10, "start_time": "2026-03-05 9:30:00", "title": "Demo", **SYNCED},
        {"engagement_id": 11, "start_time": "2099-03-05 9:30:00", "title": "Later", **SYNCED},
        {"engagement_id": 12, "start_time": "2026-03-06 9:30:00", "title": "Alone", **SYNCED},
        {"engagement_id": 13, "start_time": "2026-03-07 9:30:00", "meeting_outcome": "NO SHOW",
         "title": "Missed", **SYNCED},
    ],
    "hubspot.engagement": [
        {"id": 14, "type": "CALL", "timestamp": "2026-03-08 10:00:00", **SYNCED},
    ],
    "hubspot.engagement_contact": [
        {"engagement_id": number, "contact_id": who}
        for number, who in [(10, 1), (10, 2), (10, 4), (11, 1), (13, 3), (14, 4)]
    ],
    "hubspot.contact_form_submission": [
        {"contact_id": 3, "conversion_id": "c1", "form_id": "f",
         "page_url": "https://a.example/contact", "timestamp": "2026-03-09 10:00:00", **SYNCED},
    ],
    "hubspot.deal": [
        {"deal_id": 20, "deal_pipeline_stage_id": "s2", "property_amount": "500",
         "property_createdate": "2026-02-01 10:00:00", "property_closedate": "2026-04-01 10:00:00",
         "is_deleted": "false"},
        {"deal_id": 21, "deal_pipeline_stage_id": "s1", "property_amount": "5",
         "property_createdate": "2026-02-01 10:00:00", "property_closedate": "2026-09-01 10:00:00",
         "is_deleted": "false"},
        {"deal_id": 22, "is_deleted": "true"},
        {"deal_id": 23, "is_deleted": "false"},
    ],
    "hubspot.deal_property_history": [
        change(20, "2026-02-01", "dealstage", "s1", "deal_id"),
        # As HubSpot keeps days: milliseconds since 1970.
        {**change(20, "2026-02-01", "closedate", "1790812800000", "deal_id")},
        {**change(20, "2026-03-20", "dealstage", "s2", "deal_id")},
        {**change(20, "2026-03-20", "closedate", "2026-04-01T10:00:00Z", "deal_id")},
    ],
    "hubspot.deal_contact": [{"deal_id": 20, "contact_id": 3}, {"deal_id": 20, "contact_id": 7}],
    "hubspot.deal_company": [
        {"deal_id": 20, "company_id": 30, "type_id": 341},
        {"deal_id": 20, "company_id": 31, "type_id": 5},
    ],
    "hubspot.deal_pipeline_stage": [
        {"stage_id": "s1", "label": "Talks", "probability": "0.2", "closed_won": "FALSE",
         "is_closed": "FALSE"},
        {"stage_id": "s2", "label": "Won", "probability": "1.0", "closed_won": "TRUE",
         "is_closed": "TRUE"},
    ],
    "hubspot.merged_deal": [{"deal_id": 20, "merged_deal_id": 23}],
    "hubspot.company": [
        {"id": 31, "property_name": "Firm", "property_lifecyclestage": "customer",
         "property_createdate": "2025-01-01 10:00:00", "is_deleted": "false", **SYNCED},
        {"id": 32, "property_name": "Gone", "is_deleted": "true", **SYNCED},
    ],
}  # fmt: skip
OWN = {
    "crm.leads": [
        lead("L1", email="CYD@own.example ", last_name="Mountain", first_name="Cyd", phone="1",
             do_not_contact="true", created_at="2025-06-01 00:00:00"),
        lead("L2", email="else@own.example"),
    ],
    "crm.lead_attributes": [
        {"lead_id": lead_id, "attribute": "budget", "value": value, "updated_at": "2026-01-01",
         "_loaded_at": "2026-01-01"}
        for lead_id, value in (("L1", "7"), ("L2", "8"))
    ],
    "web.events": [web_event("w1", "2026-03-01", email="ada@firm.example")],
    "email.events": [email_event("m1", "2026-03-01", email="cyd@own.example")],
}  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sources")
    raw = write_raw(folder / "raw", {**HUBSPOT, **OWN})
    # As Windows writes it.
    contacts = raw / "hubspot/contact.csv"
    contacts.write_bytes(b"\xef\xbb\xbf" + contacts.read_bytes())
    warehouse = folder / "leads.duckdb"
    outcome = read_sources(raw, warehouse, sources="hubspot,own", hubspot_fields=["budget"])
    assert outcome.success, outcome.errors
    return warehouse


def fetch(warehouse, table, columns, condition="true"):
    """Rows of a raw table, times as times: with those of CSV files beside them they are texts."""
    columns = re.sub(r"\b(updated_at|closed_at|expected_close_on|occurred_at|_loaded_at)\b",
                     r"cast(\1 as timestamp) as \1", columns)  # fmt: skip
    return query(warehouse, f"select {columns} from sources.{table} where {condition} order by all")


def at(text):
    return datetime.fromisoformat(text)


def test_a_change_of_a_property_is_a_version_and_what_never_changed_was_always_so(warehouse):
    assert fetch(
        warehouse, "raw_crm__leads",
        "updated_at, job_title, lifecycle_stage, email, country, employee_count",
        "lead_id = 'hubspot:1'",
    ) == [
        (at("2026-01-02 12:00"), "Engineer", None, "Ada@firm.example", "Germany", None),
        (at("2026-02-02 12:00"), "CTO", "subscriber", "Ada@firm.example", "Germany", None),
        (at("2026-03-02 12:00"), "CTO", "lead", "Ada@firm.example", "Germany", None),
        (at("2026-04-01 10:00"), "CTO", "lead", "Ada@firm.example", "Germany", None),
    ]  # fmt: skip


def test_who_was_merged_or_deleted_is_deleted_from_then_on_or_always_where_nobody_says_when(
    warehouse,
):
    assert fetch(
        warehouse, "raw_crm__leads", "lead_id, is_deleted, updated_at",
        "lead_id in ('hubspot:2', 'hubspot:3', 'hubspot:5')",
    ) == [
        ("hubspot:2", True, at("2026-01-01 09:00")),
        ("hubspot:5", False, at("2026-01-01 09:00")),
        ("hubspot:5", True, at("2026-05-01 03:00")),
    ]  # fmt: skip


def test_merges_lead_to_the_survivor_over_any_number(warehouse):
    assert fetch(warehouse, "hubspot__merges", "loser_id, survivor_id, merged_at") == [
        ("2", "1", None),
        ("3", "1", at("2026-02-10 10:00")),
    ]


def test_a_mail_is_its_persons_by_any_address_and_a_machine_or_a_soft_bounce_is_said_to_be_one(
    warehouse,
):
    assert fetch(
        warehouse, "raw_email__events", "event_id, email, event_type, user_agent, url",
        "event_id like 'hubspot:%'",
    ) == [
        ("hubspot:e1", "ada@firm.example", "open", None, None),
        ("hubspot:e2", "ada@firm.example", "click", "machine: HubSpot", "https://firm.example/a"),
        ("hubspot:e3", "bob@firm.example", "soft_bounce", None, None),
        ("hubspot:e4", "bob@firm.example", "bounce", None, None),
        ("hubspot:e5", "bob@firm.example", "unsubscribe", None, None),
        ("hubspot:e6", "ada@firm.example", "complaint", None, None),
        ("hubspot:e7", "stranger@else.example", "delivered", None, None),
    ]  # fmt: skip


def test_an_engagement_is_one_for_each_of_its_people_and_what_is_planned_is_none_yet(warehouse):
    assert fetch(
        warehouse, "raw_crm__activities", "distinct lead_id, activity_type, subject, occurred_at"
    ) == [
        ("hubspot:1", "meeting", "Demo", at("2026-03-05 09:30")),
        ("hubspot:1", "meeting_no_show", "Missed", at("2026-03-07 09:30")),
        ("hubspot:4", "call", None, at("2026-03-08 10:00")),
        ("hubspot:4", "meeting", "Demo", at("2026-03-05 09:30")),
    ]
    # The two contacts that are one have one meeting.
    assert query(
        warehouse,
        "select count(*), count(distinct activity_id) from sources.raw_crm__activities"
        " where lead_id = 'hubspot:1' and activity_type = 'meeting'",
    ) == [(2, 1)]


def test_a_form_is_a_web_event_of_the_person_who_was_merged(warehouse):
    assert fetch(
        warehouse, "raw_web__events", "event_id, email, event_type, url", "event_id <> 'w1'"
    ) == [("hubspot:form:c1:3", "Ada@firm.example", "form_submit", "https://a.example/contact")]


def test_a_deal_is_closed_by_its_stage_and_was_open_before(warehouse):
    assert fetch(
        warehouse, "raw_crm__opportunities",
        "opportunity_id, updated_at, stage, is_won, closed_at, expected_close_on, lead_id,"
        " account_id, cast(probability_pct as integer)",
    ) == [
        ("hubspot:20", at("2026-02-01 12:00"), "Talks", None, None, at("2026-10-01 00:00"),
         "hubspot:1", "hubspot:31", 20),
        ("hubspot:20", at("2026-03-20 12:00"), "Won", True, at("2026-04-01 10:00"),
         at("2026-04-01 10:00"), "hubspot:1", "hubspot:31", 100),
        ("hubspot:21", at("2026-02-01 10:00"), "Talks", None, None, at("2026-09-01 10:00"),
         None, None, 20),
    ]  # fmt: skip
    assert fetch(warehouse, "raw_crm__opportunity_stages", "opportunity_id, stage, entered_at") == [
        ("hubspot:20", "Talks", "2026-02-01 12:00:00"),
        ("hubspot:20", "Won", "2026-03-20 12:00:00"),
    ]
    assert fetch(warehouse, "raw_crm__accounts", "account_id, is_customer") == [
        ("hubspot:31", True)
    ]


def test_a_row_without_a_load_time_is_loaded_when_it_was_last_changed(warehouse):
    assert fetch(warehouse, "raw_crm__opportunities", "_loaded_at", "lead_id is null") == [
        (at("2026-02-01 10:00"),)
    ]


def test_a_bad_time_is_passed_on_for_the_contract_to_set_aside(warehouse):
    assert fetch(warehouse, "raw_crm__leads", "created_at", "lead_id = 'hubspot:7'") == [("soon",)]


def test_who_has_the_address_of_an_earlier_source_joins_its_lead_and_fills_it(warehouse):
    assert fetch(
        warehouse, "raw_crm__leads",
        "lead_id, updated_at, first_name, last_name, phone, do_not_contact, created_at",
        "lead_id in ('hubspot:6', 'L1', 'L2')",
    ) == [
        ("L2", at("2026-01-01 00:00"), None, None, None, None, "2026-01-01 00:00:00"),
        # What HubSpot has of her begins at nine; who asked one not to be written to is not.
        ("hubspot:6", at("2026-01-01 00:00"), "Cyd", "Mountain", "1", "true",
         "2025-06-01 00:00:00"),
        ("hubspot:6", at("2026-01-01 09:00"), "Cyd", "Hill", "1", "true", "2025-06-01 00:00:00"),
    ]  # fmt: skip
    assert fetch(warehouse, "raw_crm__lead_attributes", "lead_id, attribute, value") == [
        ("L2", "budget", "8"),
        ("hubspot:1", "budget", "100"),
        ("hubspot:6", "budget", "7"),
    ]


def test_every_row_of_every_table_is_counted(warehouse, tmp_path):
    told = dict(
        query(
            warehouse,
            "select vendor_table, cast(sum(row_count) as integer) from sources.source_row_counts"
            " group by 1",
        )
    )
    assert told == {name.split(".")[1]: len(rows) for name, rows in HUBSPOT.items()}


def test_the_command_says_what_was_left_out_who_joined_and_what_is_not_there(warehouse):
    with attach_warehouse(warehouse) as connection:
        lines = describe_sources(ask(connection), ("hubspot", "own"))
    for line in (
        "crm.activities: 5 rows",
        "  hubspot: 10 rows, versions of 6 leads",
        "    contact: 1, merged into another: deleted, for that one",
        "Of 55 rows in 18 tables of sources 8 are left out",
        "  hubspot.engagement_meeting: 1, is planned: it counts from its day on",
        "  hubspot.engagement_meeting: 1, names no contact",
        "  hubspot.deal: 1, was merged into another deal",
        "  hubspot.contact_property_history: 1, is of a property that is not read",
        "    email_event: 1, a machine's, says HubSpot",
        "Of 2 people of own 0 joined a lead of hubspot by a link, 1 by their address; the other 1"
        " are leads of their own",
        "hubspot lacks the tables company_property_history, contact_list,",
    ):
        assert [told for told in lines if told.startswith(line)], (line, lines)


def test_a_circle_of_merges_stops_the_run_with_a_sentence(tmp_path):
    rows = {
        "hubspot.contact": [
            contact(1, hs_merged_object_ids="2"),
            contact(2, hs_merged_object_ids="1"),
            contact(3),
        ]
    }
    outcome = read_sources(
        write_raw(tmp_path / "raw", rows), tmp_path / "leads.duckdb", sources="hubspot,own",
        hubspot_fields=["budget"],
    )  # fmt: skip
    assert not outcome.success
    assert "In HubSpot the records 1, 2 are merged into one another in a circle" in outcome.errors


def test_without_contacts_nothing_is_read_and_a_sentence_says_where_they_were_looked_for(tmp_path):
    raw = write_raw(tmp_path / "raw", {"hubspot.company": [{"id": 1}]})
    outcome = read_sources(
        raw, tmp_path / "leads.duckdb", sources="hubspot,own", hubspot_fields=["budget"]
    )
    assert not outcome.success
    assert "its table contact is missing: it was looked for under" in outcome.errors
