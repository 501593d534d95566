"""What belongs here: that a person whom LEADS_SOURCES has from vendors' tables is erased by all the
records that are theirs, does not come back while those tables still have them, and that the command
names these records."""

import io

import pytest
from dbt_runs import SCORES, WATERMARKS, choose_models, query, run_dbt, write_raw
from source_runs import score_sources

from orchestration.lib.basics.settings import load_settings
from orchestration.lib.basics.warehouse import open_warehouse
from orchestration.lib.erased.erasure import begin, describe_erasure, finish
from orchestration.lib.erased.person import find_person

TIMES = "2026-03-01 9:00:00"
SYNCED = {"_fivetran_synced": "2026-06-20 3:00:00"}
SOURCES = "hubspot,pardot"
MODELS = (*SCORES, *WATERMARKS, "quarantine")


def contact(number, email, **columns):
    named = {f"property_{name}": value for name, value in columns.items()}
    return {
        "id": number, "property_email": email, "property_createdate": TIMES,
        "property_lastmodifieddate": TIMES, "_fivetran_deleted": "false", **SYNCED, **named,
    }  # fmt: skip


def mail(number, recipient):
    return {
        "id": f"m{number}", "type": "CLICK", "recipient": recipient,
        "created": "2026-06-19 1:00:00", **SYNCED,
    }  # fmt: skip


# 501 was two contacts, has a second address, and is a prospect of Pardot too; 5012 is somebody
# else, whose number begins like it.
TABLES = {
    "hubspot.contact": [
        contact(501, "zoe@plover.example", hs_merged_object_ids="77", firstname="Zoe",
                hs_additional_emails="zoe@second.example", lastname="Quartermain"),
        contact(77, "zoe@former.example", lastname="Quarter"),
        contact(5012, "bob@firm.example", lastname="Hill"),
    ],
    "hubspot.email_event": [
        mail(1, "zoe@plover.example"), mail(2, "zoe@second.example"), mail(3, "bob@firm.example"),
        mail(4, "zoe@former.example"),
    ],
    "hubspot.contact_form_submission": [
        {"contact_id": 77, "conversion_id": "c1", "form_id": "f", "title": "Contact",
         "page_url": "https://t.example/pricing", "timestamp": "2026-06-19 2:00:00", **SYNCED},
    ],
    "pardot.prospect": [
        {"id": 9, "email": "zoe@plover.example", "created_at": TIMES, "updated_at": TIMES,
         "job_title": "Buyer", **SYNCED},
    ],
}  # fmt: skip


MINE = ["hubspot:501", "hubspot:77", "pardot:9"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An installation that has scored them all."""
    folder = tmp_path_factory.mktemp("erased")
    score_sources(write_raw(folder / "raw", TABLES), folder, models=MODELS, sources=SOURCES)
    return folder


@pytest.fixture(scope="module")
def settings(folder):
    return load_settings({
        "LEADS_RAW": str(folder / "raw"), "LEADS_WAREHOUSE": str(folder / "leads.duckdb"),
        "LEADS_PUBLISHED": str(folder / "published"), "LEADS_SOURCES": SOURCES,
    })  # fmt: skip


@pytest.fixture(scope="module")
def before(folder):
    return read_ledger(folder)


@pytest.fixture(scope="module")
def said(before, settings):
    """What the command says of the erasure of 501."""
    return erase(settings, email="zoe@plover.example")


def erase(settings, **asked):
    erasure = begin(settings, **asked)
    file = finish(settings, erasure, io.StringIO())
    answer = describe_erasure(erasure, file, exclusions=[], sources=settings.sources)
    return "\n".join(answer.lines)


def read_ledger(folder):
    """What others score, and for what."""
    return query(
        folder / "leads.duckdb",
        "select lead_id, rule_id, points from lead_score_ledger"
        f" where lead_id not in ({', '.join(map(repr, MINE))}) order by all",
    )


@pytest.mark.parametrize("asked", [{"lead_id": "pardot:9"}, {"email": "zoe@second.example"}])
def test_whoever_was_merged_or_joined_is_the_person(folder, before, asked):
    warehouse = folder / "leads.duckdb"
    with open_warehouse(warehouse, is_read_only=True) as connection:
        person = find_person(connection, warehouse, **asked)
    assert person.lead_ids == MINE
    assert person.addresses == ["zoe@former.example", "zoe@plover.example", "zoe@second.example"]
    # What is found in another's id is not looked for in the bytes of files.
    assert not any(":" in text for text in person.texts)


def test_nothing_of_the_person_is_left(folder, said):
    assert "nothing is left" in said
    for schema, table in query(
        folder / "leads.duckdb",
        "select schema_name, table_name from duckdb_tables() where schema_name <> 'reference'",
    ):
        rows = str(query(folder / "leads.duckdb", f'from "{schema}"."{table}"')).lower()
        for text in ("zoe@", "quartermain", "@plover.example"):
            assert text not in rows, (schema, table)


def test_the_command_names_the_records_of_each_source(said):
    assert "  crm.leads                   3 rows with lead_id hubspot:501, hubspot:77" in said
    assert "  hubspot               records 501, 77 and whatever names them or an address" in said
    assert "  pardot                record 9 and whatever names it or an address" in said


def test_who_is_still_in_the_tables_is_left_out_and_counted_and_others_keep_their_points(
    folder, before, said
):
    outcome = run_dbt(
        "run", *choose_models(MODELS), raw=folder / "raw", warehouse=folder / "leads.duckdb",
        variables={"sources": SOURCES},
    )  # fmt: skip
    assert outcome.success, outcome.errors
    assert before and read_ledger(folder) == before
    assert query(folder / "leads.duckdb", "select distinct lead_id from lead_scores") == [
        ("hubspot:5012",)
    ]
    assert query(
        folder / "leads.duckdb",
        "select table_name, reason, count(*) from quarantine group by all order by all",
    ) == [
        ("crm.leads", "belongs to a person who was erased", 3),
        ("email.events", "belongs to a person who was erased", 3),
        ("web.events", "belongs to a person who was erased", 1),
    ]


def test_the_next_one_can_be_erased_at_once(settings, said):
    erase(settings, email="bob@firm.example")
    assert query(settings.warehouse, "select lead_id from lead_scores") == []
