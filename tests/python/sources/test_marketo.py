"""What belongs here: that Marketo's tables, as Fivetran lands them, become the raw tables of the
contract: what each record becomes, row by row, and that real rows run through."""

import shutil

import pytest
from dbt_runs import PROJECT, query, run_dbt, write_raw
from source_runs import score_sources

REAL_ROWS = PROJECT.parent / "shared/data/fivetran/dbt_marketo"
SYNCED = "2026-06-20 04:00:00"
MODELS = (
    "raw_crm__leads", "raw_crm__lead_attributes", "raw_crm__activities", "raw_email__events",
    "raw_email__campaigns", "raw_web__events", "marketo__aliases", "marketo__links",
    "marketo__row_counts", "base_crm__leads", "base_email__events", "base_email__campaigns",
)  # fmt: skip


def lead(id, name, **columns):
    return {
        "id": id, "email": f"{name}@acme.example", "first_name": name,
        "created_at": "2026-01-01 09:00:00", "updated_at": "2026-05-01 09:00:00",
        "_fivetran_synced": SYNCED, **columns,
    }  # fmt: skip


def change(id, lead_id, day, field, old, new):
    return {
        "id": id, "lead_id": lead_id, "activity_date": f"2026-{day} 12:00:00",
        "primary_attribute_value": field, "old_value": old, "new_value": new,
        "_fivetran_synced": SYNCED,
    }  # fmt: skip


def merge(id, survivor, losers, day):
    return {"id": id, "lead_id": survivor, "merge_ids": losers, "activity_date": f"2026-{day}"}


def done(id, lead_id, time="01 10:00:00", **columns):
    return {"id": id, "lead_id": lead_id, "activity_date": f"2026-06-{time}", **columns}


def mail(id, lead_id, **columns):
    return done(id, lead_id, primary_attribute_value_id="77", **columns)


TABLES = {
    "marketo.lead": [
        lead(1, "ann", title="VP Sales", company_country__c="FR", sfdc_contact_id="003A"),
        lead(2, "bob", unsubscribed="false", black_listed="1"),
        lead(3, "old-bob", email="bob@old.example"),
        lead(4, "older-bob", email="bob@older.example"),
        lead(5, "gone"),
        lead(6, "cat", website="https://www.cat.example/x", number_of_employees="1-5",
             lead_score="90", company_country__c="ES"),
    ],
    # 4 became 3, and 3 became 2 with 9, of whom nothing else is known.
    "marketo.activity_merge_leads": [
        merge(1, 3, "[4]", "03-01"),
        merge(2, 2, "[3, 9]", "04-01"),
    ],
    "marketo.activity_delete_lead": [done(3, 5, activity_type_id="29"), done(4, 999)],
    "marketo.activity_change_data_value": [
        change(10, 1, "02-01", "Job Title", "Analyst", "Manager"),
        # Of two changes at once the one with the greater id holds.
        change(12, 1, "03-01", "Job Title", "Head", "VP Sales"),
        change(11, 1, "03-01", "Job Title", "Manager", "Head"),
        change(13, 1, "03-10", "Firmenname", "", "Acme"),
        change(14, 1, "03-20", "Country (C)", "DE", "FR"),
        change(15, 1, "03-25", "Lead Score", "1", "90"),
        change(16, 6, "03-25", "Email Address", "cat@old.example", "cat@acme.example"),
        change(17, 999, "03-25", "Job Title", "a", "b"),
    ],
    "marketo.lead_describe": [
        {"id": "4", "display_name": "Firmenname", "restname": "company"},
        {"id": "5", "display_name": "Country (C)", "restname": "Company_Country__c"},
        {"id": "6", "display_name": "Lead Score", "restname": "leadScore"},
    ],
    "marketo.activity_send_email": [
        mail(20, 1), mail(21, 1, action_result="skipped"), mail(22, 999),
    ],
    "marketo.activity_email_delivered": [mail(23, 9)],
    "marketo.activity_email_bounced": [
        mail(24, 1, category="1"), mail(25, 1, category="2"),
        mail(26, 999, category="2", email="cat@old.example"),
    ],
    "marketo.activity_open_email": [
        mail(27, 4, user_agent="Firefox"), mail(28, 1, is_bot_activity="true"),
    ],
    "marketo.activity_click_email": [mail(29, 1, link="https://a.example/x", user_agent="Firefox")],
    "marketo.activity_unsubscribe_email": [mail(30, 6)],
    "marketo.email_template_history": [
        {"id": 77, "version": 1, "name": "Old", "updated_at": "2026-01-01"},
        {"id": 77, "version": 2, "name": "Spring", "updated_at": "2026-02-01"},
    ],
    "marketo.activity_visit_webpage": [
        done(40, 3, primary_attribute_value="www.tidewater.example/pricing"),
        done(41, 999, primary_attribute_value="x", webpage_url="/pricing"),
    ],
    "marketo.activity_fill_out_form": [
        done(42, 6, primary_attribute_value="Contact us", referrer_url="https://t.example/contact"),
    ],
    "marketo.program": [{"id": "500", "channel": "Webinar"}, {"id": "501", "channel": "Nurture"}],
    "marketo.activity_change_status_in_progression": [
        done(50, 1, primary_attribute_value_id="500", new_status="Attended", activity_type_id="104",
             primary_attribute_value="Webinar of June"),
        done(51, 1, primary_attribute_value_id="501", new_status="Attended"),
    ],
    "marketo.activity_interesting_moment": [
        done(52, 4, description="Asked for prices"), done(53, None), done(54, 999),
        done(55, 1, activity_type_id="100012"),
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    folder = tmp_path_factory.mktemp("marketo")
    write_raw(folder / "raw", TABLES)
    # The files of the vendor have a byte order mark.
    for path in (folder / "raw/marketo").iterdir():
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    return score_sources(
        folder / "raw", folder, models=MODELS, sources="marketo",
        marketo_fields=["Company_Country__c"],
    )  # fmt: skip


def test_versions_are_counted_back_from_today(warehouse):
    """Before its first change a field was what that change says it had been."""
    assert query(
        warehouse,
        """
        select cast(updated_at as text), job_title, company_name, email
        from sources.raw_crm__leads where lead_id = 'marketo:1' order by updated_at
        """,
    ) == [
        ("2026-01-01 09:00:00", "Analyst", None, "ann@acme.example"),
        ("2026-02-01 12:00:00", "Manager", None, "ann@acme.example"),
        ("2026-03-01 12:00:00", "VP Sales", None, "ann@acme.example"),
        ("2026-03-10 12:00:00", "VP Sales", "Acme", "ann@acme.example"),
        # Today the table has no company: what it says is so.
        ("2026-05-01 09:00:00", "VP Sales", None, "ann@acme.example"),
    ]


def test_custom_fields_have_versions_too(warehouse):
    assert query(
        warehouse,
        "select lead_id, attribute, value, cast(updated_at as text) "
        "from sources.raw_crm__lead_attributes order by lead_id, updated_at",
    ) == [
        ("marketo:1", "Company_Country__c", "DE", "2026-01-01 09:00:00"),
        ("marketo:1", "Company_Country__c", "FR", "2026-03-20 12:00:00"),
        ("marketo:1", "Company_Country__c", "FR", "2026-05-01 09:00:00"),
        # Of which no change is known it has always been so.
        ("marketo:6", "Company_Country__c", "ES", "2026-01-01 09:00:00"),
        ("marketo:6", "Company_Country__c", "ES", "2026-05-01 09:00:00"),
    ]


def test_merged_and_deleted_leads_are_deleted_from_then_on(warehouse):
    """In whom nothing has changed has been as today since they were made."""
    made, touched = "2026-01-01 09:00:00", "2026-05-01 09:00:00"
    assert query(
        warehouse,
        """
        select lead_id, cast(updated_at as text), is_deleted from sources.raw_crm__leads
        where lead_id <> 'marketo:1' order by lead_id, updated_at
        """,
    ) == [
        ("marketo:2", made, False),
        ("marketo:2", touched, False),
        ("marketo:3", made, False),
        ("marketo:3", "2026-04-01 00:00:00", True),
        ("marketo:4", made, False),
        ("marketo:4", "2026-03-01 00:00:00", True),
        ("marketo:5", made, False),
        ("marketo:5", touched, False),
        ("marketo:5", "2026-06-01 10:00:00", True),
        ("marketo:6", made, False),
        ("marketo:6", touched, False),
    ]


def test_fields_are_read_as_the_contract_takes_them(warehouse):
    assert query(
        warehouse,
        """
        select distinct lead_id, company_domain, employee_count, do_not_contact
        from sources.raw_crm__leads
        where lead_id in ('marketo:2', 'marketo:6') order by lead_id
        """,
    ) == [("marketo:2", None, None, "true"), ("marketo:6", "cat.example", None, None)]


def test_who_has_become_whom(warehouse):
    """Over both merges, whether or not the table of leads still has them; and former addresses."""
    assert query(
        warehouse, "select alias_id, lead_id from sources.marketo__aliases order by 1"
    ) == [
        ("bob@old.example", "bob@acme.example"),
        ("bob@older.example", "bob@acme.example"),
        ("cat@old.example", "cat@acme.example"),
        ("marketo:3", "marketo:2"),
        ("marketo:4", "marketo:2"),
        ("marketo:9", "marketo:2"),
    ]
    assert query(warehouse, "select * from sources.marketo__links") == [
        ("marketo:1", "salesforce:003A")
    ]


def test_mail_events_are_those_of_whom_a_lead_became(warehouse):
    assert query(
        warehouse,
        "select event_id, email, event_type, url, user_agent from sources.raw_email__events "
        "order by event_id",
    ) == [
        ("marketo:20", "ann@acme.example", "sent", None, None),
        ("marketo:22", "marketo:999", "sent", None, None),
        ("marketo:23", "bob@acme.example", "delivered", None, None),
        ("marketo:24", "ann@acme.example", "soft_bounce", None, None),
        ("marketo:25", "ann@acme.example", "bounce", None, None),
        ("marketo:26", "cat@old.example", "bounce", None, None),
        ("marketo:27", "bob@acme.example", "open", None, "Firefox"),
        ("marketo:28", "ann@acme.example", "open", None, "machine: Marketo"),
        ("marketo:29", "ann@acme.example", "click", "https://a.example/x", "Firefox"),
        ("marketo:30", "cat@acme.example", "unsubscribe", None, None),
    ]
    assert query(
        warehouse, "select campaign_id, campaign_name from sources.raw_email__campaigns order by 2"
    ) == [("marketo:77", "Old"), ("marketo:77", "Spring")]


def test_pages_and_forms_are_web_events_that_name_the_lead(warehouse):
    assert query(
        warehouse,
        "select event_id, visitor_id, email, event_type, url from sources.raw_web__events "
        "order by event_id",
    ) == [
        ("marketo:40", "marketo:2", "bob@acme.example", "page_view",
         "https://www.tidewater.example/pricing"),
        ("marketo:41", "marketo:999", None, "page_view", "/pricing"),
        ("marketo:42", "marketo:6", "cat@acme.example", "form_submit", "https://t.example/contact"),
    ]  # fmt: skip


def test_activities_have_the_words_of_the_contract_or_their_own(warehouse):
    assert query(
        warehouse,
        "select activity_id, lead_id, activity_type, subject from sources.raw_crm__activities "
        "order by activity_id",
    ) == [
        ("marketo:50", "marketo:1", "webinar_attended", "Webinar of June"),
        ("marketo:51", "marketo:1", "program_status", None),
        ("marketo:52", "marketo:2", "interesting_moment", "Asked for prices"),
        ("marketo:54", "marketo:999", "interesting_moment", None),
        ("marketo:55", "marketo:1", "interesting_moment", None),
    ]


def test_every_row_is_in_or_left_out_for_a_reason(warehouse):
    nobodys = "of a lead that is not there or has no address: nobody's"
    assert set(
        query(
            warehouse,
            "select vendor_table, table_name, reason, row_count from sources.marketo__row_counts",
        )
    ) == {
        ("lead", "crm.leads", None, 3),
        ("lead", "crm.leads", "merged into another: deleted, for that one", 2),
        ("lead", "crm.leads", "deleted from then on", 1),
        ("activity_change_data_value", "crm.leads", "a part of a version", 4),
        ("activity_change_data_value", "crm.lead_attributes", None, 1),
        ("activity_change_data_value", "email.events", "an address that finds its person", 1),
        ("activity_change_data_value", None, "is of a field that is not read", 1),
        ("activity_change_data_value", None, "names a lead that is not there", 1),
        ("activity_delete_lead", "crm.leads", "tells of a deletion", 1),
        ("activity_delete_lead", None, "names a lead that is not there", 1),
        ("activity_merge_leads", "crm.leads", "tells of a merge", 2),
        ("lead_describe", "crm.leads", "names a field", 3),
        ("program", "crm.activities", "tells the channel of a program", 2),
        ("email_template_history", "email.campaigns", None, 2),
        ("activity_send_email", "email.events", None, 1),
        ("activity_send_email", "email.events", nobodys, 1),
        ("activity_send_email", None, "was not sent: skipped", 1),
        ("activity_email_delivered", "email.events", None, 1),
        ("activity_email_bounced", "email.events", None, 2),
        ("activity_email_bounced", "email.events", "a soft bounce: counts as none", 1),
        ("activity_open_email", "email.events", None, 1),
        ("activity_open_email", "email.events", "a machine's, says Marketo", 1),
        ("activity_click_email", "email.events", None, 1),
        ("activity_unsubscribe_email", "email.events", None, 1),
        ("activity_visit_webpage", "web.events", None, 1),
        ("activity_visit_webpage", "web.events", nobodys, 1),
        ("activity_fill_out_form", "web.events", None, 1),
        ("activity_change_status_in_progression", "crm.activities", None, 2),
        ("activity_interesting_moment", "crm.activities", None, 3),
        ("activity_interesting_moment", None, "names no lead", 1),
    }


def test_merges_in_a_circle_stop_the_run_with_a_sentence(tmp_path):
    merges = [merge(1, 1, "[2]", "03-01"), merge(2, 2, "[1]", "03-02")]
    tables = {"marketo.lead": [lead(1, "ann")], "marketo.activity_merge_leads": merges}
    outcome = run_dbt(
        "run", "--select", "marketo__merges", raw=write_raw(tmp_path / "raw", tables),
        warehouse=tmp_path / "leads.duckdb",
        # As of the tables above, so that the project is read once.
        variables={"sources": "marketo", "marketo_fields": ["Company_Country__c"]},
    )  # fmt: skip
    assert not outcome.success
    assert "In Marketo the records 1, 2 are merged into one another in a circle" in outcome.errors


@pytest.mark.skipif(not REAL_ROWS.exists(), reason="Marketo's real rows are not beside the project")
def test_real_rows_are_all_read(tmp_path):
    folder = tmp_path / "raw/marketo"
    folder.mkdir(parents=True)
    tables = {
        path.name.removeprefix("marketo_").removesuffix("_data.csv"): path
        for path in REAL_ROWS.glob("*.csv")
    }
    for table, path in tables.items():
        shutil.copy(path, folder / f"{table}.csv")
    warehouse = score_sources(
        tmp_path / "raw", tmp_path, models=MODELS, sources="marketo",
        marketo_fields=["Company_Country__c"],
    )  # fmt: skip
    counts = dict(
        query(
            warehouse,
            "select vendor_table, sum(row_count) from sources.marketo__row_counts group by 1",
        )
    )
    # Of campaigns nothing is read.
    assert counts == {
        table: 31 if table == "activity_delete_lead" else 100
        for table in tables
        if table != "campaign"
    }
    for table in ("base_crm__leads", "base_email__events", "base_email__campaigns"):
        assert query(
            warehouse, f"select quarantine_reason, count(*) from staging.{table} group by 1"
        ) == [(None, {"base_crm__leads": 200, "base_email__events": 598}.get(table, 100))]
