"""What belongs here: that a vendor's tables in a schema of the warehouse, with the types that a
loader gives them, are read as files of them are."""

import duckdb
import pytest
from dbt_runs import copy_shipped_rules, query, run_dbt
from source_runs import TABLES, score_sources

from samples.generate import generate_sample
from samples.vendors.hubspot import write_hubspot

BASES = (
    "base_crm__leads", "base_crm__lead_attributes", "base_crm__accounts",
    "base_crm__opportunities", "base_crm__opportunity_stages", "base_crm__activities",
    "base_email__events", "base_email__campaigns",
)  # fmt: skip
FIELDS = ("budget", "timeline")


@pytest.fixture(scope="module")
def warehouses(tmp_path_factory):
    """Two warehouses: of HubSpot's files, and of the same tables in its own schema `landed`."""
    folder = tmp_path_factory.mktemp("hubspot")
    generate_sample(folder / "raw", leads=80, events=800, days=60)
    write_hubspot(folder / "raw", folder / "told")
    variables = {"sources": "hubspot", "hubspot_schema": "landed", "hubspot_fields": FIELDS}
    of_files = score_sources(folder / "told/vendor", folder / "files", models=BASES, **variables)
    of_tables = copy_shipped_rules(folder / "leads.duckdb")
    with duckdb.connect(str(of_tables)) as connection:
        connection.execute("create schema landed")
        for file in (folder / "told/vendor/hubspot").glob("*.csv"):
            connection.execute(f"create table landed.{file.stem} as from '{file}'")
    (folder / "nothing").mkdir()
    outcome = run_dbt(
        "build", "--select", "source_words", *(f"+{name},resource_type:model" for name in BASES),
        *TABLES, raw=folder / "nothing", warehouse=of_tables, variables=variables,
    )  # fmt: skip
    assert outcome.success, outcome.errors
    return of_files, of_tables


@pytest.mark.parametrize("name", BASES)
def test_tables_in_the_warehouse_are_read_as_files_are(warehouses, name):
    of_files, of_tables = (
        query(warehouse, f"select * exclude (file_name) from staging.{name} order by all")
        for warehouse in warehouses
    )
    assert of_files and of_tables == of_files


def test_the_tables_have_types(warehouses):
    types = {
        kind
        for (kind,) in query(
            warehouses[1],
            "select distinct data_type from duckdb_columns() where schema_name = 'landed'",
        )
    }
    assert {"BIGINT", "BOOLEAN", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"} <= types


def test_views_of_the_tables_can_be_read_under_another_name_of_the_file(warehouses):
    """As `leads sources` and whoever copies the file do."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{warehouses[1]}' as other (read_only)")
        views = connection.execute(
            "select schema_name, view_name from duckdb_views()"
            " where database_name = 'other' and schema_name in ('sources', 'staging')"
        ).fetchall()
        for schema, view in views:
            connection.execute(f"select * from other.{schema}.{view} limit 1")
    assert len(views) > 10
