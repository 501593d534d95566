"""What belongs here: that Postgres makes the same raw tables of vendors' tables as DuckDB, as the
contract reads them."""

import json
import os
from unittest import mock

import duckdb
import numpy as np
import pytest
from dbt.cli.main import dbtRunner
from dbt_runs import PROJECT, SPARING, run_dbt, write_raw
from engines_apart import write_column
from postgres_server import start_server
from source_runs import TABLES

from orchestration.lib.basics.postgres import attach_postgres, locate_postgres
from orchestration.lib.basics.settings import load_settings
from orchestration.lib.built.load_raw import load_raw
from samples.generate import generate_sample
from samples.vendors.hubspot import write_hubspot
from samples.vendors.marketo import write_marketo
from samples.vendors.pardot import ZONE, write_pardot
from samples.vendors.salesforce import write_salesforce
from samples.vendors.web import write_ga4, write_segment, write_snowplow

PEOPLE = {
    "hubspot": write_hubspot, "salesforce": write_salesforce, "pardot": write_pardot,
    "marketo": write_marketo,
}  # fmt: skip
TRACKERS = {"ga4": write_ga4, "segment": write_segment, "snowplow": write_snowplow}
VARIABLES = {
    "sources": ",".join([*PEOPLE, *TRACKERS]), "hubspot_fields": ["budget", "timeline"],
    "salesforce_fields": ["Budget__c"], "marketo_fields": ["budget"], "pardot_time_zone": ZONE,
}  # fmt: skip
BASES = (
    "base_crm__leads", "base_crm__lead_attributes", "base_crm__accounts",
    "base_crm__opportunities", "base_crm__opportunity_stages", "base_crm__activities",
    "base_email__events", "base_email__campaigns", "base_web__events",
)  # fmt: skip
BUILD = (
    "build", "--select", "source_words",
    *(f"+{name},resource_type:model" for name in BASES), *TABLES,
)  # fmt: skip


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """The tables of all vendors as files."""
    folder = tmp_path_factory.mktemp("sources")
    generate_sample(folder / "raw", leads=60, events=600, days=60)
    for vendor, write in PEOPLE.items():
        write(folder / "raw", folder / "told" / vendor)
        (folder / f"told/{vendor}/vendor/{vendor}").rename(folder / vendor)
    with duckdb.connect() as connection:
        events = connection.execute(
            f"from '{folder}/raw/web/events.parquet' where visitor_id is not null"
        ).df()
    rows = events.astype(object).replace({np.nan: None}).to_dict("records")
    root = folder / "all"
    for write in TRACKERS.values():
        write_raw(root, write(rows))
    for vendor in PEOPLE:
        (folder / vendor).rename(root / vendor)
    return root


def test_both_engines_make_the_same_raw_tables_of_vendors_tables(raw):
    warehouse = raw.parent / "leads.duckdb"
    ours = run_dbt(*BUILD, raw=raw, warehouse=warehouse, variables=VARIABLES)
    assert ours.success, ours.errors
    with start_server() as server, mock.patch.dict(os.environ, {
        **server, "LEADS_TARGET": "postgres", "LEADS_RAW": str(raw),
        "LEADS_SOURCES": VARIABLES["sources"], "LEADS_AS_OF": "2026-06-30",
        "DBT_TARGET_PATH": str(PROJECT / "build/test/postgres"),
    }):  # fmt: skip
        load_raw(load_settings())
        errors = []
        theirs = dbtRunner(
            callbacks=[lambda event: event.info.level == "error" and errors.append(event.info.msg)]
        ).invoke([
            *BUILD, "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT),
            "--vars", json.dumps(VARIABLES), *SPARING,
        ])  # fmt: skip
        assert theirs.success, errors
        with attach_postgres(locate_postgres(), is_read_only=True) as connection:
            connection.execute(f"attach '{warehouse}' as file (read_only)")
            for name in BASES:
                assert find_differences(connection, name) == [], name


def find_differences(connection, name):
    """Rows of a table that one of the engines alone has; numbers to six decimals."""
    columns = [
        write_column(column, kind)
        for column, kind, *_ in connection.execute(
            f"describe select * exclude (file_name) from file.staging.{name}"
        ).fetchall()
    ]
    selects = [
        f"select {', '.join(filter(None, columns))} from {database}.staging.{name}"
        for database in ("file", "warehouse")
    ]
    assert connection.execute(f"select count(*) from file.staging.{name}").fetchone()[0] > 10
    return connection.execute(
        f"({selects[0]} except all {selects[1]}) union all"
        f" ({selects[1]} except all {selects[0]}) limit 4"
    ).fetchall()
