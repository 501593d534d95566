"""What belongs here: what becomes of single rows of Salesforce's tables, one decision after
another, in one warehouse of rows written by hand."""

import pytest
from dbt_runs import query, run_dbt, write_raw
from source_runs import read_sources

from samples.vendors.salesforce import long_id

SYNCED = "2026-06-20 04:00:00"


def key(short):
    """The id of the contract."""
    return "salesforce:" + long_id(short)


def lead(name, start, end=None, **columns):
    """A version of a lead in history mode, from a day on."""
    return {
        "id": long_id(f"00Q{name:>012}"),
        "is_deleted": "false",
        "created_date": "2026-01-05 09:00:00",
        "_fivetran_start": f"{start} 09:00:00",
        "_fivetran_end": f"{end} 09:00:00" if end else "9999-12-31 23:59:59",
        "_fivetran_active": str(end is None).upper(),
        "_fivetran_synced": SYNCED,
        **columns,
    }


def contact(name, created, modified, **columns):
    return {
        "id": long_id(f"003{name:>012}"),
        "is_deleted": "FALSE",
        "created_date": f"{created} 10:00:00 UTC",
        "system_modstamp": f"{modified} 10:00:00 UTC",
        "_fivetran_synced": SYNCED,
        **columns,
    }


def lead_id(name):
    return key(f"00Q{name:>012}")


def contact_id(name):
    return key(f"003{name:>012}")


def task(name, who, day, **columns):
    return {
        "id": f"00T{name:>012}", "who_id": who, "task_subtype": "Call", "subject": name,
        "status": "Completed", "is_closed": "true", "activity_date": day, "is_deleted": "false",
        "is_archived": "false", "_fivetran_synced": SYNCED, **columns,
    }  # fmt: skip


def event(name, who, start, **columns):
    return {
        "id": f"00U{name:>012}", "who_id": who, "event_subtype": "Event", "subject": name,
        "start_date_time": start, "is_child": "false", "is_recurrence": "false",
        "is_deleted": "false", "_fivetran_synced": SYNCED, **columns,
    }  # fmt: skip


def deal(name, stage, **columns):
    """A deal as a table with the API's names has it."""
    return {
        "Id": f"006{name:>012}", "AccountId": "001000000000A1x", "StageName": stage,
        "IsClosed": str(stage.startswith("Closed")), "IsWon": str(stage == "Closed Won"),
        "CloseDate": "2026-05-20", "CreatedDate": "2026-03-10 10:00:00", "Amount": "1000",
        "SystemModstamp": "2026-05-01 00:00:00", "IsDeleted": "false", "Probability": "40",
        "CurrencyIsoCode": "USD", "_fivetran_synced": SYNCED, **columns,
    }  # fmt: skip


def change(table, record, field, old, new, day):
    return {
        "id": f"017{field[:3]}{day}", f"{table}_id": record, "field": field, "old_value": old,
        "new_value": new, "created_date": f"{day} 12:00:00", "_fivetran_synced": SYNCED,
    }  # fmt: skip


# Ann was a lead and is a contact of an account; Bob was merged into Bea, who was into Ben; Cem
# never was a lead, and Dan was found to be Cem; Eve has a field history; Flo was deleted for good;
# the contact that Gus became was merged into Ann's.
TABLES = {
    "salesforce.lead": [
        lead("Ann", "2026-01-05", "2026-03-10", title="Analyst", status="Open", company="Anvil",
             email="Ann@anvil.example", has_opted_out_of_email="false"),
        lead("Ann", "2026-03-10", title="Analyst", status="Qualified", company="Anvil",
             email="Ann@anvil.example", is_converted="true", converted_date="2026-03-10",
             converted_contact_id="003000000000Ann", converted_account_id="001000000000A1x",
             converted_opportunity_id=long_id("006000000000Two")),
        lead("Bob", "2026-01-05", "2026-04-01", email="bob@b.example"),
        lead("Bob", "2026-04-01", email="bob@b.example", is_deleted="true",
             master_record_id=long_id("00Q000000000Bea")),
        lead("Bea", "2026-01-05", "2026-05-01", email="bea@b.example"),
        lead("Bea", "2026-05-01", email="bea@b.example", is_deleted="true",
             master_record_id="00Q000000000Ben"),
        lead("Ben", "2026-01-05", email="ben@b.example", country="Germany", country_code="DE"),
        lead("Dan", "2026-01-05", is_converted="true", email="dan@d.example",
             converted_date="2026-04-15", converted_contact_id=long_id("003000000000Cem")),
        lead("Eve", "2026-05-01", title="CFO", email="eve@e.example", Budget__c="500",
             owner_id="005000000000Two"),
        lead("Flo", "2026-01-05", "2026-04-20", email="flo@f.example"),
        lead("Gus", "2026-01-05", "2026-02-01", email="gus@g.example", Budget__c="80"),
        lead("Gus", "2026-02-01", is_converted="true", converted_date="2026-02-01",
             email="gus@g.example", converted_contact_id="003000000000Gus", Budget__c="80"),
    ],
    "salesforce.lead_history": [
        change("lead", "00Q000000000Eve", "Title", "Clerk", "Controller", "2026-02-01"),
        change("lead", "00Q000000000Eve", "Title", "Controller", "CFO", "2026-03-01"),
        change("lead", "00Q000000000Eve", "Owner", "Ole One", "Tom Two", "2026-03-01"),
        change("lead", "00Q000000000Eve", "Owner", "005000000000One", "005000000000Two",
               "2026-03-01"),
        change("lead", "00Q000000000Eve", "Budget__c", "", "200", "2026-02-10"),
        change("lead", "00Q000000000Eve", "Budget__c", "200", "500", "2026-02-20"),
        change("lead", "00Q000000000Eve", "Rating", "Cold", "Hot", "2026-02-20"),
    ],
    "salesforce.contact": [
        contact("Ann", "2026-03-10", "2026-04-02", title="Director", email="ann@anvil.example",
                account_id="001000000000A1x", has_opted_out_of_email="true"),
        contact("Cem", "2025-08-01", "2025-09-01", email="cem@c.example",
                account_id="001000000000A2x", mailing_city="Izmir"),
        contact("Gus", "2026-02-01", "2026-06-01", email="gus@g.example", is_deleted="true",
                master_record_id=long_id("003000000000Ann")),
    ],
    "salesforce.account": [
        {"id": "001000000000A1x", "name": "Anvil Inc", "type": "Customer - Direct",
         "system_modstamp": "2026-01-01 00:00:00", "_fivetran_synced": SYNCED,
         "website": "https://www.anvil.example/about", "annual_revenue": "1000000",
         "currency_iso_code": "EUR"},
        {"id": "001000000000A2x", "name": "Cog", "is_deleted": "true",
         "master_record_id": long_id("001000000000A3x"), "industry": "Retail",
         "system_modstamp": "2026-01-01 00:00:00", "_fivetran_synced": SYNCED},
        {"id": "001000000000A3x", "name": "Cog Ltd", "industry": "Software",
         "number_of_employees": "40", "system_modstamp": "2026-01-01 00:00:00",
         "_fivetran_synced": SYNCED},
    ],
    "salesforce.opportunity": [
        deal("One", "Closed Won"),
        deal("Two", "Proposal", Amount="100", CurrencyIsoCode="EUR"),
        deal("Thr", "Proposal", CurrencyIsoCode="GBP", AccountId="001000000000A2x"),
        deal("Fou", "Closed Lost", IsDeleted="true"),
    ],
    "salesforce.opportunity_history": [
        {"id": f"008{number}", "opportunity_id": "006000000000One", "stage_name": stage,
         "amount": amount, "close_date": closes, "probability": "10",
         "created_date": f"{day} 10:00:00", "_fivetran_synced": SYNCED}
        for number, (stage, amount, closes, day) in enumerate([
            ("Discovery", "700", "2026-06-30", "2026-03-10"),
            ("Discovery", "1000", "2026-06-30", "2026-04-01"),
            ("Closed Won", "1000", "2026-04-20", "2026-04-20"),
        ])
    ],
    "salesforce.opportunity_contact_role": [
        {"id": "00K1", "opportunity_id": "006000000000One", "contact_id": "003000000000Cem",
         "is_primary": "false", "created_date": "2026-03-10 00:00:00"},
        {"id": "00K2", "opportunity_id": "006000000000One", "contact_id": "003000000000Gus",
         "is_primary": "true", "created_date": "2026-03-11 00:00:00"},
        {"id": "00K0", "opportunity_id": "006000000000One", "contact_id": "003000000000Cem",
         "is_primary": "true", "created_date": "2026-03-01 00:00:00", "is_deleted": "false",
         "_fivetran_deleted": "true"},
    ],
    "salesforce.opportunity_line_item": [
        {"id": "00k1", "opportunity_id": "006000000000One", "product_2_id": "01t000000000One",
         "total_price": "10"},
        {"id": "00k2", "opportunity_id": "006000000000One", "product_2_id": "01t000000000Two",
         "total_price": "90"},
    ],
    "salesforce.product_2": [
        {"id": "01t000000000One", "name": "analytics"},
        {"id": long_id("01t000000000Two"), "name": "automation"},
    ],
    "salesforce.currency_type": [
        {"iso_code": "USD", "conversion_rate": "1.25"},
        {"iso_code": "EUR", "conversion_rate": "1"},
    ],
    "salesforce.task": [
        task("1", "00Q000000000Ann", "2026-02-01", what_id="006000000000One"),
        task("2", "003000000000Gus", "2026-02-02", is_archived="true"),
        task("3", "00Q000000000Bob", "2026-02-03", task_subtype="Email"),
        task("4", "00Q000000000Dan", "2026-02-04", task_subtype="Task", type="Product Review",
             completed_date_time="2026-02-06T08:30:00.000Z"),
        task("5", "00Q000000000Ben", "2026-09-01", status="Not Started", is_closed="false"),
        task("6", "00Q000000000Ben", "2026-02-05", is_deleted="true"),
        task("7", "", "2026-02-05"),
    ],
    "salesforce.event": [
        event("1", "003000000000Ann", "2026-04-05 13:00:00"),
        event("2", "003000000000Ann", "2026-04-05 13:00:00", is_child="true"),
        event("3", "00Q000000000Ben", "2098-09-05 13:00:00", type="Demo"),
        event("4", "00Q000000000Ben", "2026-02-05 13:00:00", is_recurrence="true"),
    ],
    "salesforce.campaign": [
        {"id": "701000000000Web", "name": "Spring", "type": "Webinar"},
        {"id": "701000000000Exp", "name": "Expo", "type": "Trade Show"},
    ],
    "salesforce.campaign_member": [
        {"id": "00v1", "campaign_id": "701000000000Web", "lead_id": "00Q000000000Ben",
         "status": "Attended", "has_responded": "true", "first_responded_date": "2026-02-10",
         "created_date": "2026-02-01 00:00:00", "_fivetran_synced": SYNCED},
        {"id": "00v2", "campaign_id": "701000000000Exp", "lead_id": "00Q000000000Ann",
         "contact_id": "003000000000Ann", "status": "Visited", "has_responded": "true",
         "first_responded_date": "2026-04-11", "_fivetran_synced": SYNCED},
        {"id": "00v3", "campaign_id": "701000000000Web", "lead_id": "00Q000000000Eve",
         "status": "Sent", "has_responded": "false", "created_date": "2026-02-01 00:00:00",
         "_fivetran_synced": SYNCED},
    ],
}  # fmt: skip
VARIABLES = {"sources": "salesforce", "salesforce_fields": ["Budget__c"]}


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    folder = tmp_path_factory.mktemp("salesforce")
    raw, warehouse = write_raw(folder / "raw", TABLES), folder / "leads.duckdb"
    outcome = read_sources(raw, warehouse, **VARIABLES)
    assert outcome.success, outcome.errors
    return warehouse


def read_view(warehouse, table, columns, of=None, key_column="lead_id"):
    """Rows of one of the vendor's views in the order of these columns, those of one record."""
    where = f"where {key_column} = '{of}'" if of else ""
    return [
        tuple(None if value is None else str(value).removesuffix(" 00:00:00") for value in row)
        for row in query(
            warehouse, f"select {columns} from sources.salesforce__{table} {where} order by all"
        )
    ]


def read_versions(warehouse, columns, of):
    return read_view(warehouse, "leads", f"cast(updated_at as date), {columns}", of)


def test_ids_have_eighteen_characters_and_tell_capitals_apart(warehouse):
    # As Salesforce itself writes them: the suffix says which of the fifteen are capitals.
    assert long_id("001A0000006Vm9r") == "001A0000006Vm9rIAC"
    assert key("00q000000000Ann") != key("00Q000000000Ann") == lead_id("Ann")
    found = read_view(warehouse, "leads", "distinct lead_id")
    assert {lead_id("Ann"), contact_id("Cem"), lead_id("Eve")} <= {row[0] for row in found}
    assert {len(row[0]) for row in found} == {len("salesforce:") + 18}


def test_a_lead_that_became_a_contact_has_one_history_under_the_leads_id(warehouse):
    account = key("001000000000A1x")
    assert read_versions(
        warehouse,
        "job_title, company_name, lifecycle_stage, account_id, do_not_contact, is_deleted",
        lead_id("Ann"),
    ) == [
        ("2026-01-05", "Analyst", "Anvil", "Open", None, "false", "False"),
        ("2026-03-10", "Analyst", "Anvil", "Qualified", account, None, "False"),
        ("2026-04-02", "Director", "Anvil", "Qualified", account, "true", "False"),
    ]
    assert read_view(warehouse, "leads", "created_at", lead_id("Ann"))[0] == (
        "2026-01-05 09:00:00",
    )
    assert read_view(warehouse, "leads", "lead_id", contact_id("Ann")) == []


def test_a_day_before_the_conversion_and_one_after_it_speak_of_the_same_lead(warehouse):
    def who_is_there(day):
        found = query(
            warehouse,
            "select lead_id[24:26] from sources.salesforce__leads"
            f" where updated_at < date '{day}' and cast(created_at as timestamp) < date '{day}'"
            " qualify row_number() over (partition by lead_id order by updated_at desc) = 1"
            " and not is_deleted order by 1",
        )
        return " ".join(name for (name,) in found)

    assert who_is_there("2026-02-20") == "Ann Bea Ben Bob Cem Dan Eve Flo Gus"
    assert who_is_there("2026-06-30") == "Ann Ben Cem Eve"


def test_whoever_was_merged_is_the_survivor_over_several_merges(warehouse):
    assert read_view(warehouse, "aliases", "*") == [
        (contact_id("Ann"), lead_id("Ann")),
        (contact_id("Gus"), lead_id("Ann")),
        (lead_id("Bea"), lead_id("Ben")),
        (lead_id("Bob"), lead_id("Ben")),
        (lead_id("Dan"), contact_id("Cem")),
        (lead_id("Gus"), lead_id("Ann")),
    ]
    assert read_versions(warehouse, "is_deleted", lead_id("Bob")) == [
        ("2026-01-05", "False"),
        ("2026-04-01", "True"),
    ]


def test_a_lead_that_joined_a_contact_that_was_there_ends_with_the_conversion(warehouse):
    assert read_versions(warehouse, "email, is_deleted", lead_id("Dan")) == [
        ("2026-01-05", "dan@d.example", "False"),
        ("2026-04-15", "dan@d.example", "True"),
    ]


def test_of_a_contact_that_was_no_lead_the_account_says_the_company(warehouse):
    assert read_versions(
        warehouse, "company_name, industry, employee_count, account_id, city", contact_id("Cem")
    ) == [("2025-09-01", "Cog Ltd", "Software", "40", key("001000000000A3x"), "Izmir")]


def test_field_histories_become_versions(warehouse):
    one, two = key("005000000000One"), key("005000000000Two")
    assert read_versions(warehouse, "job_title, owner_id", lead_id("Eve")) == [
        ("2026-01-05", "Clerk", one),
        ("2026-02-01", "Controller", one),
        ("2026-03-01", "CFO", two),
        ("2026-05-01", "CFO", two),
    ]


def test_a_record_without_an_active_version_is_deleted_from_its_end_on(warehouse):
    assert read_versions(warehouse, "is_deleted", lead_id("Flo")) == [
        ("2026-01-05", "False"),
        ("2026-04-20", "True"),
    ]


def test_custom_fields_become_attributes_when_they_change(warehouse):
    columns = "lead_id, attribute, value, cast(updated_at as date)"
    assert read_view(warehouse, "lead_attributes", columns) == [
        (lead_id("Eve"), "budget", "200", "2026-02-10"),
        (lead_id("Eve"), "budget", "500", "2026-02-20"),
        (lead_id("Gus"), "budget", "80", "2026-01-05"),
    ]


def test_accounts_are_merged_and_in_the_own_currency(warehouse):
    assert read_view(
        warehouse, "accounts", "account_name, domain, cast(annual_revenue as double), is_customer"
    ) == [
        ("Anvil Inc", "anvil.example", "1250000.0", "True"),
        ("Cog Ltd", None, None, "False"),
    ]


def test_what_was_done_is_the_persons_and_only_what_was_done(warehouse):
    ann, ben, cem = lead_id("Ann"), lead_id("Ben"), contact_id("Cem")
    assert read_view(warehouse, "activities", "activity_type, lead_id, product, occurred_at") == [
        ("call", ann, "automation", "2026-02-01"),
        ("call", ann, None, "2026-02-02"),
        ("email", ben, None, "2026-02-03"),
        ("meeting", ann, None, "2026-04-05 13:00:00"),
        ("product_review", cem, None, "2026-02-06T08:30:00.000Z"),
        ("trade_show_visit", ann, None, "2026-04-11"),
        ("webinar_attended", ben, None, "2026-02-10"),
        ("webinar_sent", lead_id("Eve"), None, "2026-02-01"),
    ]


def test_a_deal_is_of_its_main_contact_and_closed_only_where_it_is(warehouse):
    ann = lead_id("Ann")
    columns = (
        "lead_id, product, stage, cast(amount as integer), is_won, closed_at, expected_close_on"
    )

    def read_deal(name):
        of = key(f"006000000000{name}")
        return read_view(warehouse, "opportunities", f"cast(updated_at as date), {columns}", of,
                         "opportunity_id")  # fmt: skip

    assert read_deal("One") == [
        ("2026-03-10", ann, "automation", "Discovery", "700", None, None, "2026-06-30"),
        ("2026-04-01", ann, "automation", "Discovery", "1000", None, None, "2026-06-30"),
        ("2026-04-20", ann, "automation", "Closed Won", "1000", "True", "2026-04-20", "2026-04-20"),
        ("2026-05-01", ann, "automation", "Closed Won", "1000", "True", "2026-05-20", "2026-05-20"),
    ]
    # In euros, of whoever's conversion made it; in pounds, which have no rate, of the account.
    assert read_deal("Two") == [
        ("2026-05-01", ann, None, "Proposal", "125", None, None, "2026-05-20")
    ]
    assert read_deal("Thr") == [
        ("2026-05-01", None, None, "Proposal", None, None, None, "2026-05-20")
    ]
    assert read_deal("Fou") == []
    assert read_view(warehouse, "opportunity_stages", "stage, cast(entered_at as date)",
                     key("006000000000One"), "opportunity_id") == [
        ("Closed Won", "2026-04-20"),
        ("Discovery", "2026-03-10"),
    ]  # fmt: skip


def test_every_row_is_counted_once_and_left_out_for_a_reason(warehouse):
    counts = dict(
        query(
            warehouse,
            "select vendor_table, cast(sum(row_count) as int) from sources.salesforce__row_counts"
            " group by 1",
        )
    )
    assert counts == {name.split(".")[1]: len(rows) for name, rows in TABLES.items()}
    assert query(
        warehouse,
        "select vendor_table, reason, row_count from sources.salesforce__row_counts"
        " where table_name is null order by all",
    ) == [
        ("account", "was merged into another", 1),
        ("event", "is planned: it counts from its day on", 1),
        ("event", "is the copy of a meeting in another calendar", 1),
        ("event", "stands for a series: its days have rows of their own", 1),
        ("lead_history", "is of a field that is not read", 1),
        ("opportunity", "was deleted", 1),
        ("opportunity_contact_role", "another contact of the deal goes before", 1),
        ("opportunity_contact_role", "was deleted", 1),
        ("task", "is not completed", 1),
        ("task", "names no person", 1),
        ("task", "was deleted", 1),
    ]


def test_a_circle_of_merges_is_refused_with_a_sentence(tmp_path):
    deleted = {"is_deleted": "true", "end": None}
    pairs = [("Bob", "Bea"), ("Bea", "Bob")]
    rows = [
        lead(one, "2026-01-05", **deleted, master_record_id=long_id(f"00Q{other:>012}"))
        for one, other in pairs
    ]
    outcome = run_dbt(
        "run", "--select", "+salesforce__merges", variables=VARIABLES,
        raw=write_raw(tmp_path / "raw", {"salesforce.lead": rows}),
        warehouse=tmp_path / "leads.duckdb",
    )  # fmt: skip
    assert not outcome.success
    bea, bob = long_id("00Q000000000Bea"), long_id("00Q000000000Bob")
    assert f"In Salesforce the records {bea}, {bob} are merged into one another" in outcome.errors
