"""What belongs here: that Salesforce's and Pardot's tables mean what the contract says. The sample,
written as each holds it with its mess, is scored like the same rows in the contract's shape; and
real tables, where they are at hand, lose no row."""

import csv
import shutil
from pathlib import Path

import pytest
from dbt_runs import PROJECT, SCORES, query, score_raw
from source_runs import assert_same_scores, attach_both, generate_people, score_sources

from samples.vendors.pardot import ZONE, write_pardot
from samples.vendors.salesforce import FIELDS, write_salesforce

BEFORE, AFTER = "2026-04-30", "2026-06-30"
COUNTED = ("quarantine", "source_row_counts")
VENDORS = {
    "salesforce": {
        "sources": "salesforce,own",
        "salesforce_fields": [f"{field.title()}__c" for field in FIELDS],
    },
    "pardot": {"sources": "pardot", "pardot_time_zone": ZONE},
}  # fmt: skip

# Tables as the packages for dbt have them for their tests: names and types are real, the values are
# scrambled, and nearly nothing names anything else.
REAL_TABLES = PROJECT.parent / "shared/data/fivetran"


@pytest.fixture(scope="module", params=list(VENDORS))
def scored(request, tmp_path_factory):
    """The vendor, and a connection to both warehouses: of the contract's rows and of its own."""
    folder = tmp_path_factory.mktemp(request.param)
    generate_people(folder / "raw")
    write = {"salesforce": write_salesforce, "pardot": write_pardot}[request.param]
    write(folder / "raw", folder / "told")
    days = f"{BEFORE},{AFTER}" if request.param == "salesforce" else AFTER
    (folder / "contract").mkdir()
    score_raw(folder / "told/contract", folder / "contract", models=SCORES, as_of=days)
    score_sources(
        folder / "told/vendor", folder / "vendor", models=(*SCORES, *COUNTED), as_of=days,
        **VENDORS[request.param],
    )  # fmt: skip
    with attach_both(folder) as connection:
        yield request.param, connection


def test_the_same_rows_have_the_same_scores_for_the_same_reasons(scored):
    assert_same_scores(scored[1])


def test_nothing_of_the_vendor_is_set_aside(scored):
    assert scored[1].execute(
        "select * from vendor.quarantine where table_name like 'crm.%' or file_name like 'pardot/%'"
    ).fetchall() == []  # fmt: skip


def test_the_mess_was_there(scored):
    vendor, connection = scored
    views = {
        "salesforce": [
            ("people where own_id <> record_id", 20),
            ("merges where survivor_id is not null", 5),
            ("row_counts where reason = 'is not completed'", 1),
            ("lead_attributes", 100),
            ("opportunities where lead_id like 'salesforce:00Q%'", 10),
        ],
        "pardot": [
            ("leads where is_deleted", 1),
            ("opportunities where lead_id is not null", 10),
            ("email_events", 100),
        ],
    }
    for view, at_least in views[vendor]:
        query = f"select count(*) from vendor.sources.{vendor}__{view}"
        assert connection.execute(query).fetchone()[0] >= at_least, view


@pytest.mark.skipif(not REAL_TABLES.is_dir(), reason=f"needs the tables in {REAL_TABLES}")
def test_real_tables_are_read_to_the_end_and_every_row_of_them_is_counted(tmp_path):
    for vendor, prefix in (("salesforce", "sf_"), ("pardot", "pardot_")):
        (tmp_path / "raw" / vendor).mkdir(parents=True)
        for file in (REAL_TABLES / f"dbt_{vendor}").glob("*_data.csv"):
            name = file.name.removeprefix(prefix).replace("_data.csv", ".csv")
            shutil.copy(file, tmp_path / "raw" / vendor / name)
    warehouse = score_sources(
        tmp_path / "raw", tmp_path, models=(*SCORES, *COUNTED), as_of="2024-12-31",
        sources="salesforce,pardot",
    )  # fmt: skip
    told = query(
        warehouse,
        "select vendor || '/' || vendor_table, cast(sum(row_count) as integer)"
        " from sources.source_row_counts group by 1",
    )
    assert dict(told) == {name: count_rows(tmp_path / f"raw/{name}.csv") for name, _ in told}
    assert len(told) == 19
    assert query(warehouse, "select * from quarantine") == []
    assert query(
        warehouse,
        "select split_part(lead_id, ':', 1), count(distinct lead_id) from lead_scores"
        " group by 1 order by 1",
    ) == [("pardot", 22), ("salesforce", 5)]  # fmt: skip


def count_rows(file: Path) -> int:
    with file.open(encoding="utf-8-sig", newline="") as text:
        return sum(1 for _ in csv.reader(text)) - 1
