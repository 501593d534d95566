"""What belongs here: that a warehouse which reads vendors' tables day after day holds what one has
that is built from scratch, also where two records became one between two runs, or during a day."""

import shutil

import pytest
from commands import run_leads
from dbt_runs import SCORES, WATERMARKS, choose_models, query, run_dbt, write_raw
from source_runs import score_sources

from samples.vendors.salesforce import long_id

FIRST, SECOND = "2026-06-20", "2026-06-21"
SOURCES = "hubspot,salesforce"
TIMES = "2026-03-01 9:00:00"
ANN, BOB = (long_id(f"00Q000000000{name}") for name in ("Ann", "Bob"))


def contact(number, name, day, **columns):
    return {
        "id": number, "property_email": f"{name}@{name}.example", "property_createdate": TIMES,
        "property_lastmodifieddate": TIMES, "_fivetran_deleted": "false",
        "_fivetran_synced": f"{day} 3:00:00", **columns,
    }  # fmt: skip


def lead(id, name, day, **columns):
    return {
        "id": id, "email": f"{name}@{name}.example", "is_deleted": "false", "created_date": TIMES,
        "last_modified_date": TIMES, "_fivetran_synced": f"{day} 03:00:00", **columns,
    }  # fmt: skip


def mails(day, *rows):
    return [
        {"id": f"{day}-{number}", "type": kind, "recipient": f"{name}@{name}.example",
         "created": f"{day} 1:00:00", "_fivetran_synced": f"{day} 3:00:00"}
        for number, (kind, name) in enumerate(rows)
    ]  # fmt: skip


def forms(day, *people):
    return [
        {"contact_id": number, "conversion_id": f"{day}-{number}", "form_id": "f", "page_url":
         "https://t.example/pricing", "timestamp": f"{day} 2:00:00", "title": "Contact",
         "_fivetran_synced": f"{day} 3:00:00"}
        for number in people
    ]  # fmt: skip


def tasks(day, *people):
    return [
        {"id": f"00T{day}{number}", "who_id": who, "task_subtype": "Call", "status": "Completed",
         "subject": "Call", "is_closed": "true", "activity_date": day, "is_deleted": "false",
         "completed_date_time": f"{day} 02:00:00", "_fivetran_synced": f"{day} 03:00:00"}
        for number, who in enumerate(people)
    ]  # fmt: skip


BEFORE = {
    "hubspot.contact": [contact(1, "ada", FIRST), contact(2, "bea", FIRST)],
    "hubspot.email_event": mails(FIRST, ("OPEN", "ada"), ("CLICK", "bea")),
    "hubspot.contact_form_submission": forms(FIRST, 1, 2),
    "salesforce.lead": [lead(ANN, "ann", FIRST), lead(BOB, "bob", FIRST)],
    "salesforce.task": tasks(FIRST, ANN, BOB),
}
# In both systems the second record became the first one's.
AFTER = {
    "hubspot.contact": [
        contact(1, "ada", SECOND, property_hs_merged_object_ids="2"),
        contact(2, "bea", SECOND, _fivetran_deleted="true"),
    ],
    "hubspot.email_event": [*BEFORE["hubspot.email_event"], *mails(SECOND, ("OPEN", "ada"))],
    "hubspot.contact_form_submission": BEFORE["hubspot.contact_form_submission"],
    "salesforce.lead": [
        lead(ANN, "ann", SECOND),
        lead(BOB, "bob", SECOND, is_deleted="true", master_record_id=ANN),
    ],
    "salesforce.task": [*BEFORE["salesforce.task"], *tasks(SECOND, ANN)],
}


def score_next(folder, tables, as_of):
    """Score the tables of a later day in the warehouse of `folder`."""
    shutil.rmtree(folder / "raw")
    raw = write_raw(folder / "raw", tables)
    outcome = run_dbt(
        "run", *choose_models(SCORES), raw=raw, warehouse=folder / "leads.duckdb", as_of=as_of,
        variables={"sources": SOURCES},
    )  # fmt: skip
    assert outcome.success, outcome.errors


def read_scores(warehouse):
    return {table: query(warehouse, f"select * from {table} order by all") for table in SCORES}


@pytest.fixture
def grown(tmp_path):
    folder = tmp_path / "grown"
    score_sources(
        write_raw(folder / "raw", BEFORE), folder, models=(*SCORES, *WATERMARKS), as_of=FIRST,
        sources=SOURCES,
    )  # fmt: skip
    return folder


def test_after_a_merge_between_two_runs_the_warehouse_equals_one_built_from_scratch(
    grown, tmp_path
):
    score_next(grown, AFTER, SECOND)
    anew = score_sources(
        write_raw(tmp_path / "raw", AFTER), tmp_path / "anew", models=SCORES, as_of=SECOND,
        sources=SOURCES,
    )  # fmt: skip
    assert read_scores(grown / "leads.duckdb") == read_scores(anew)
    # What the other one had done is the survivor's.
    clicked = "select lead_id from lead_score_ledger where rule_id = 'email_click'"
    assert query(anew, clicked) == [("hubspot:1",)]
    assert {lead for lead, *_ in query(anew, "select lead_id from lead_scores")} == {
        "hubspot:1", f"salesforce:{ANN}",
    }  # fmt: skip


# Who had another address in the night is a person of Salesforce from now on, of whom no row loads.
EVE = lead(long_id("00Q000000000Eve"), "eve", FIRST)
MORNING = {
    **BEFORE,
    "hubspot.contact": [*BEFORE["hubspot.contact"], contact(3, "eva", FIRST)],
    "salesforce.lead": [*BEFORE["salesforce.lead"], EVE],
}
NOON = {
    **AFTER,
    "hubspot.contact": [*AFTER["hubspot.contact"], contact(3, "eve", SECOND)],
    "salesforce.lead": [*AFTER["salesforce.lead"], EVE],
}


def test_after_a_merge_during_the_day_an_intraday_run_publishes_what_a_daily_run_would(tmp_path):
    def run(*arguments):
        done = run_leads(
            *arguments, raw=tmp_path / "raw", warehouse=tmp_path / "leads.duckdb", sources=SOURCES,
            published=tmp_path / "published", as_of=SECOND,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    write_raw(tmp_path / "raw", MORNING)
    run("run")
    published = tmp_path / "published/leads.duckdb"
    leads = "select distinct lead_id from lead_scores order by lead_id"
    before, night = query(published.resolve(), leads), read_scores(published.resolve())
    shutil.rmtree(tmp_path / "raw")
    write_raw(tmp_path / "raw", NOON)
    # Two merges, and one who joined another.
    assert "Scored anew: 6 leads." in run("run", "--intraday")
    anew = score_sources(
        tmp_path / "raw", tmp_path / "anew", models=SCORES, as_of=SECOND, sources=SOURCES
    )
    assert read_scores(published.resolve()) == read_scores(anew)
    assert len(query(published.resolve(), leads)) < len(before)
    assert "Nothing has loaded that touches a lead" in run("run", "--intraday")
    # What is taken back on the same day is as if it had never been.
    shutil.rmtree(tmp_path / "raw")
    write_raw(tmp_path / "raw", MORNING)
    assert "Scored anew: 6 leads." in run("run", "--intraday")
    assert read_scores(published.resolve()) == night
