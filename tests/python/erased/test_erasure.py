"""What belongs here: that a person who is erased is found nowhere in what the project keeps, that
all others keep their scores, and that what loads later of the person is left out and counted."""

import hashlib
import json
import sqlite3
from pathlib import Path
from unittest import mock

import duckdb
import pytest
from commands import PROJECT
from commands import run_in as run
from dbt_runs import choose_models, lead, query, run_dbt, web_event, write_raw
from planted_person import ADDRESS, TEXTS, make_tables

from orchestration.lib.basics.settings import load_settings
from orchestration.lib.built.erasures import keep_out_erased
from orchestration.lib.erased import publications
from orchestration.lib.erased.erasure import begin, find_pending, list_raw_schemas
from orchestration.lib.erased.person import Person
from orchestration.lib.erased.tables import clean_tables
from orchestration.lib.published.publication import check_files, list_publications
from orchestration.lib.published.stories import unpack_stories


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """An installation's data: scored and published, with a log that names the person."""
    folder = tmp_path_factory.mktemp("erased")
    write_raw(folder / "raw", make_tables())
    run(folder, "run")
    return folder


@pytest.fixture
def settings(folder):
    return load_settings(
        {
            "LEADS_RAW": str(folder / "raw"),
            "LEADS_WAREHOUSE": str(folder / "leads.duckdb"),
            "LEADS_PUBLISHED": str(folder / "published"),
            "LEADS_AS_OF": "2026-06-30",
        }
    )


@pytest.fixture(scope="module")
def before(folder) -> list[tuple]:
    return read_scores(folder)


@pytest.fixture(scope="module")
def told(folder, before) -> str:
    """What the command says of the erasure."""
    log = PROJECT / "build" / "erased_test.log"
    log.write_text(f"could not write to {ADDRESS}: no route\n")
    # Words that are his in everything but the spelling.
    done = run(folder, "erase", "--email", ADDRESS.upper())
    assert ADDRESS not in log.read_text() and "no route" in log.read_text()
    log.unlink()
    return done


def read_scores(folder: Path) -> list[tuple]:
    return query(
        folder / "leads.duckdb",
        "select model_id, lead_id, rule_id, points, reason from lead_score_ledger"
        " where lead_id not like '%ZQ%' order by all",
    )


def find_texts(folder: Path) -> list[str]:
    """Every place below `folder` where one of the texts is, but in the raw tables: in the bytes of
    files, and in the rows of tables, which are compressed."""
    found = []
    for file in folder.rglob("*"):
        if file.is_symlink() or not file.is_file() or file.is_relative_to(folder / "raw"):
            continue
        contents = [file.read_bytes().decode(errors="replace")]
        if file.suffix in (".duckdb", ".parquet"):
            with duckdb.connect() as connection:
                tables = [f"read_parquet('{file}')"]
                if file.suffix == ".duckdb":
                    connection.execute(f"attach '{file}' as leads (read_only)")
                    connection.execute("use leads")
                    rows = connection.execute(
                        "select schema_name, table_name from duckdb_tables()"
                    ).fetchall()
                    tables = [f'"{schema}"."{table}"' for schema, table in rows]
                contents += [
                    str(connection.execute(f"from {table}").fetchall()) for table in tables
                ]
        elif file.name.startswith("stories-"):
            contents.append(unpack_stories(file))
        elif file.suffix == ".sqlite":
            with sqlite3.connect(file) as connection:
                contents += list(connection.iterdump())
        found += [
            f"{file}: {text}"
            for text in TEXTS
            for content in contents
            if text.lower() in content.lower()
        ]
    return found


def test_the_person_was_everywhere(folder):
    places = {Path(found.split(": ")[0]).name for found in find_texts(folder)}
    assert {"leads.duckdb", "scored_leads.parquet", "lead_score_ledger.parquet"} <= places


def test_nothing_of_the_person_is_left(folder, told):
    assert find_texts(folder) == []
    assert "nothing is left" in told
    assert not find_pending(folder / "leads.duckdb").exists()


def test_the_command_says_which_raw_rows_are_the_users_to_delete(told):
    assert "crm.leads                   3 rows with lead_id LEAD-ZQ-1, LEAD-ZQ-2" in told
    assert f"email.events                1 rows with email {ADDRESS}" in told
    assert (
        f"web.events                  6 rows with email {ADDRESS} or visitor_id visitor-zq" in told
    )


def test_the_receipt_names_nobody_and_proves_who_it_was(folder, told):
    (file,) = (folder / "leads.erasures").glob("*.json")
    receipt = json.loads(file.read_text())
    known = {(one["kind"], one["fingerprint"]) for one in receipt["fingerprints"]}
    expected = {
        (kind, hashlib.sha256(f"{receipt['salt']}{kind}:{text}".encode()).hexdigest())
        for kind, text in [
            ("lead", "LEAD-ZQ-1"),
            ("lead", "LEAD-ZQ-2"),
            ("email", ADDRESS),
            ("visitor", "visitor-zq"),
        ]
    }
    assert known == expected
    assert receipt["searched"]["found"] == 0 and receipt["searched"]["bytes"] > 1_000_000
    assert receipt["rows"]["warehouse"]["main.lead_score_current"] >= 2
    changed = [name for name in receipt["rows"]["publications"] if name.endswith("/leads.duckdb")]
    published = folder / "published" / changed[0]
    told_hash = next(text for name, text in receipt["sha256"].items() if name.endswith(changed[0]))
    assert hashlib.sha256(published.read_bytes()).hexdigest() == told_hash


def test_publications_stay_whole_and_can_be_gone_back_to(folder, told):
    listed = run(folder, "publications")
    assert "Skipped" not in listed and "damaged" not in listed
    live = listed.split()[1]
    assert live in run(folder, "rollback", live)


def test_a_deal_and_an_account_stay_and_name_nobody(folder, told):
    warehouse = folder / "leads.duckdb"
    assert query(warehouse, "select lead_id, amount from sales_forecast") == [(None, 1000)]
    best = query(
        warehouse, "select distinct best_lead_id from account_scores where account_id = 'A1'"
    )
    assert best == [("erased",)]


def test_what_loads_later_is_left_out_and_counted_and_all_others_keep_their_points(
    folder, before, told
):
    tables = make_tables()
    tables["crm.leads"].append(lead("LEAD-NEW", email=ADDRESS))
    tables["web.events"].append(web_event("w9", "2026-06-29", visitor_id="visitor-zq", url="/demo"))
    raw = write_raw(folder / "raw", tables)
    outcome = run_dbt("run", *choose_models(), raw=raw, warehouse=folder / "leads.duckdb")
    assert outcome.success, outcome.errors
    assert find_texts(folder) == []
    assert read_scores(folder) == before
    erased = query(
        folder / "leads.duckdb",
        "select table_name, count(*) from quarantine"
        " where reason = 'belongs to a person who was erased' group by all order by all",
    )
    assert erased == [
        ("crm.activities", 1),
        ("crm.lead_attributes", 1),
        ("crm.leads", 4),
        ("email.events", 1),
        ("web.events", 7),
    ]
    (accounts,) = query(
        folder / "leads.duckdb",
        "select distinct best_lead_id from account_scores where account_id = 'A1'",
    )
    assert accounts == ("LEAD-1",)


def test_an_erasure_that_was_interrupted_is_finished_by_the_next(folder, told, settings):
    erasure = begin(settings, lead_id="LEAD-4")
    published = folder / "published"
    with (
        mock.patch.object(publications, "write_manifest", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        publications.clean_publications(published, erasure.person, receipt_id="half")
    said = run(folder, "erase", "--lead", "LEAD-5")
    assert "First an erasure is finished that was interrupted." in said
    left = query(settings.warehouse, "select distinct lead_id from lead_scores order by all")
    assert left == [("LEAD-1",), ("LEAD-2",), ("LEAD-3",)]
    assert len(list((folder / "leads.erasures").glob("*.json"))) == 3
    for manifest in list_publications(published):
        folder_of_it = published / "versions" / manifest["publication_id"]
        check_files(folder_of_it, manifest, manifest["files"])


def test_raw_tables_in_the_warehouse_are_the_users(settings):
    with duckdb.connect() as connection:
        connection.execute("create schema crm; create table crm.leads as select 'L1' as lead_id")
        connection.execute("create schema scoring; create table scoring.x as from crm.leads")
        raw = list_raw_schemas(settings, connection)
        person = Person(["L1"], [], [], values={"lead_id": ["L1"]})
        assert clean_tables(connection, person, without=raw) == {"scoring.x": 1}
        assert connection.execute("from crm.leads").fetchall() == [("L1",)]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--lead", "LEAD-404"], "knows nobody by the id LEAD-404"),
        (["--email", "who@where.example"], "knows nobody by the address who@where.example"),
        ([], "Say who: leads erase --lead <lead_id>, or --email <address>."),
    ],
)
def test_who_is_not_there_is_told(folder, told, arguments, sentence):
    assert sentence in run(folder, "erase", *arguments, code=2)


def test_a_warehouse_that_is_lost_leaves_the_same_people_out(folder, told, settings):
    receipts, aside = folder / "leads.erasures", folder / "elsewhere"
    settings.warehouse.unlink()
    receipts.rename(aside)
    said = run(folder, "restore", code=1)
    assert "their receipts" in said and "Put a copy of that folder back" in said
    aside.rename(receipts)
    settings.warehouse.unlink(missing_ok=True)
    keep_out_erased(settings)
    assert query(
        settings.warehouse, "select kind, count(*) from erased_people group by all order by all"
    ) == [
        ("email", 3),
        ("lead", 4),
        ("visitor", 1),
    ]
