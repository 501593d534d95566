"""What belongs here: that HubSpot's tables mean what the contract says. The sample, written as
HubSpot holds it with all its mess, is scored like the same rows in the contract's shape; and real
tables, where they are at hand, lose no row."""

import csv
import shutil
from pathlib import Path

import pytest
from dbt_runs import PROJECT, SCORES, query, score_raw
from source_runs import assert_same_scores, attach_both, generate_people, score_sources

from samples.vendors.hubspot import write_hubspot

MODELS = (*SCORES, "quarantine", "raw_row_counts")
FIELDS = (
    "budget", "authority", "need", "timeline", "current_vendor", "team_size", "crm_system",
    "preferred_language",
)  # fmt: skip
AS_OF = "2026-03-31,2026-06-30"

# Tables of HubSpot's as its package for dbt has them for its tests: names and types are real, the
# values are scrambled, and nearly nothing names anything else.
REAL_TABLES = PROJECT.parent / "shared/data/fivetran/dbt_hubspot"


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """A connection to both warehouses: of the contract's rows and of HubSpot's."""
    folder = tmp_path_factory.mktemp("hubspot")
    generate_people(folder / "raw", days=365)
    write_hubspot(folder / "raw", folder / "told")
    for shape in ("contract", "vendor"):
        shutil.copytree(folder / "raw/web", folder / "told" / shape / "web")
    (folder / "contract").mkdir()
    score_raw(folder / "told/contract", folder / "contract", models=MODELS, as_of=AS_OF)
    score_sources(
        folder / "told/vendor", folder / "vendor", models=(*MODELS, "source_row_counts"),
        as_of=AS_OF, sources="hubspot,own", hubspot_fields=FIELDS,
    )  # fmt: skip
    with attach_both(folder) as connection:
        yield connection


def test_the_same_rows_have_the_same_scores_for_the_same_reasons(scored):
    # Those of HubSpot are the numbers of the sample's ids, and its owners' as they are.
    ids = {
        name: f"'hubspot:' || substr({name}, 2)"
        for name in ("lead_id", "account_id", "duplicate_of")
    }
    reason = r"regexp_replace(exclusion_reason, 'the lead L(\d+)', 'the lead hubspot:\1')"
    assert_same_scores(
        scored, {**ids, "owner_id": "'hubspot:' || owner_id", "exclusion_reason": reason}
    )


def test_the_mess_was_there(scored):
    leads, mails = "vendor.sources.raw_crm__leads", "vendor.sources.raw_email__events"
    for table, condition, at_least in (
        ("vendor.sources.hubspot__merges", "survivor_id is not null", 40),
        ("vendor.sources.hubspot__addresses", "true", 60),
        (leads, "is_deleted", 30),
        (mails, "event_type = 'soft_bounce'", 50),
        (mails, "user_agent = 'machine: HubSpot'", 80),
    ):
        found = scored.execute(f"select count(*) from {table} where {condition}").fetchone()[0]
        assert found >= at_least, (table, condition, found)


def test_nothing_of_hubspot_is_set_aside(scored):
    assert (
        scored.execute(
            "select * from vendor.quarantine where table_name <> 'web.events'"
        ).fetchall()
        == []
    )


@pytest.mark.skipif(not REAL_TABLES.is_dir(), reason=f"needs the tables in {REAL_TABLES}")
def test_real_tables_are_read_to_the_end_and_every_row_of_them_is_counted(tmp_path):
    raw = tmp_path / "raw/hubspot"
    raw.mkdir(parents=True)
    for file in REAL_TABLES.glob("*_data.csv"):
        shutil.copy(file, raw / file.name.replace("_data.csv", ".csv"))
    warehouse = score_sources(
        tmp_path / "raw", tmp_path, models=(*MODELS, "source_row_counts"), as_of="2024-12-31",
        sources="hubspot,own", hubspot_fields=FIELDS,
    )  # fmt: skip
    told = dict(
        query(
            warehouse,
            "select vendor_table, cast(sum(row_count) as integer) from sources.source_row_counts"
            " group by 1",
        )
    )
    assert told == {table: count_rows(raw / f"{table}.csv") for table in told}
    assert len(told) == 29
    assert query(warehouse, "select * from quarantine") == []
    assert query(warehouse, "select count(distinct lead_id) from lead_scores") == [(19,)]


def count_rows(file: Path) -> int:
    with file.open(encoding="utf-8-sig", newline="") as text:
        return sum(1 for _ in csv.reader(text)) - 1
