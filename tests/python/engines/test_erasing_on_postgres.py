"""What belongs here: that a person who is erased is found nowhere in a warehouse on Postgres, nor
in the publications that the database shows, and does not come back with what loads later."""

import os
from unittest import mock

import pytest
from commands import run_leads
from dbt_runs import lead, write_raw
from planted_person import ADDRESS, TEXTS, make_tables
from postgres_server import start_server

from orchestration.lib.basics.postgres import locate_postgres, open_session

OF_HUBSPOT = ("Quartermain", "former-unique", "hubspot:501")
TIMES = "2026-03-01 09:00:00"
LEDGER = (
    "select model_id, lead_id, rule_id, points from main.lead_score_ledger"
    " where lead_id not like '%ZQ%' order by 1, 2, 3, 4"
)
# HubSpot has them, too, as two contacts that became one.
CONTACTS = [
    {"id": number, "property_email": email, "property_createdate": TIMES,
     "property_lastmodifieddate": TIMES, "property_lastname": "Quartermain",
     "property_hs_merged_object_ids": merged, "_fivetran_deleted": "false",
     "_fivetran_synced": TIMES}
    for number, email, merged in ((501, ADDRESS, "77"), (77, "zq@former-unique.example", None))
]  # fmt: skip


class Installation:
    """One that scores on a server: its folder, and the settings by which `leads` finds it."""

    def __init__(self, folder, variables):
        self.folder, self.variables = folder, variables
        self.write(make_tables())

    def write(self, tables):
        """Have other raw tables."""
        write_raw(self.folder / "raw", {**tables, "hubspot.contact": CONTACTS})

    def run(self, *arguments):
        """What `leads` says."""
        settings = {
            name.removeprefix("LEADS_").lower(): value for name, value in self.variables.items()
        }
        done = run_leads(
            *arguments, raw=self.folder / "raw", warehouse=self.folder / "leads.duckdb",
            published=self.folder / "published", as_of="2026-06-30", target="postgres",
            sources="own,hubspot", **settings,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def ask(self, query):
        """The rows of a query."""
        with (
            mock.patch.dict(os.environ, self.variables),
            open_session(locate_postgres()) as session,
            session.cursor() as cursor,
        ):
            cursor.execute(query)
            return cursor.fetchall()

    def find_texts(self, *others):
        """The tables of all schemas that have one of the person's texts, but for those of raw
        files, which are the user's."""
        tables = self.ask(
            "select format('%I.%I', schemaname, tablename) from pg_tables"
            " where schemaname not in ('pg_catalog', 'information_schema') order by 1"
        )
        pattern = "|".join(text.replace("+", "[+]") for text in (*TEXTS, *others))
        return [
            table
            for (table,) in tables
            if self.ask(f"select 1 from {table} as t where t::text ~* '{pattern}' limit 1")
        ]


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    with start_server() as variables:
        yield Installation(tmp_path_factory.mktemp("erasing"), variables)


def test_whoever_is_erased_is_found_nowhere_and_does_not_come_back(installation):
    installation.run("run")
    before = installation.ask(LEDGER)
    there = {*installation.find_texts()}
    assert {"main.lead_score_current", "sources.source_people", "crm.leads", "hubspot.contact"} <= (
        there
    )
    assert any(table.startswith("published.") for table in there)

    said = installation.run("erase", "--email", "zq@former-unique.example")
    assert "nothing is left" in said
    assert "  hubspot               records 501, 77 and whatever names them or an address" in said
    assert installation.find_texts(*OF_HUBSPOT) == []

    tables = make_tables()
    tables["crm.leads"].append(lead("LEAD-NEW", email=ADDRESS))
    installation.write(tables)
    installation.run("run")
    assert len(before) > 5 and installation.ask(LEDGER) == before
    # The files still have the person, and so has what is loaded of them, before it is left out.
    left = {table.split(".")[0] for table in installation.find_texts(*OF_HUBSPOT)}
    assert left <= {"crm", "web", "email", "hubspot", "sources"}
    assert installation.ask(
        "select table_name, count(*) from main.quarantine"
        " where reason = 'belongs to a person who was erased' group by 1 order by 1"
    ) == [
        ("crm.activities", 1), ("crm.lead_attributes", 1), ("crm.leads", 6), ("email.events", 1),
        ("web.events", 6),
    ]  # fmt: skip
