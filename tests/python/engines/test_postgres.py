"""What belongs here: that Postgres gives what DuckDB gives, row for row, on raw data as it should be
and as it should not, on the first day, on a later one, and for days that are replayed."""

import os
from unittest import mock

import duckdb
import pytest
from dbt.cli.main import dbtRunner
from dbt_runs import PROJECT, SPARING, run_dbt
from messy_rows import write_messy, write_sample
from postgres_server import start_server

from orchestration.lib.basics.postgres import attach_postgres, locate_postgres
from orchestration.lib.basics.settings import load_settings
from orchestration.lib.built.load_raw import load_raw

# Numbers that an engine makes of texts by a hash of its own, and what tells by which engine.
KEYS = frozenset(
    [
        "kind_key",
        "event_key",
        "email_key",
        "visitor_key",
        "lead_key",
        "test_no",
        "set_no",
        "lead_keys",
        "definition",
    ]
)
FIRST_DAY = "2026-06-19"
# Replayed together, each as it was known then.
LATER_DAYS = "2026-06-29,2026-06-30"
BUILD = ("build", "--exclude-resource-type", "test", "unit_test")


@pytest.fixture(scope="module")
def server():
    with start_server() as variables:
        yield variables


def run_on_postgres(*arguments, server, raw, as_of, known="now"):
    """Run dbt on the server in this process, with the raw files loaded before."""
    variables = {
        **server, "LEADS_TARGET": "postgres", "LEADS_RAW": str(raw), "LEADS_AS_OF": as_of,
        "LEADS_KNOWN": known, "DBT_TARGET_PATH": str(PROJECT / "build" / "test" / "postgres"),
    }  # fmt: skip
    errors = []

    def note(event):
        if event.info.level == "error":
            errors.append(event.info.msg)

    with mock.patch.dict(os.environ, variables):
        loaded = load_raw(load_settings())
        folders = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
        result = dbtRunner(callbacks=[note]).invoke([*arguments, *folders, *SPARING])
    assert result.success, [*errors, result.exception]
    return loaded


def find_differences(warehouse, server):
    """Of each table and mart of the warehouse that has other rows on the server some of them;
    numbers to six decimals."""
    with mock.patch.dict(os.environ, server):
        place = locate_postgres()
    with attach_postgres(place, is_read_only=True) as connection:
        connection.execute(f"attach '{warehouse}' as file (read_only)")
        columns = {}
        for database, schema, table, column, kind in connection.execute(
            "select database_name, schema_name, table_name, column_name, data_type"
            " from duckdb_columns() where database_name in ('file', 'warehouse') and not internal"
            # What other views show is read by tables and marts.
            " and (schema_name = 'main' or (schema_name, table_name) in ("
            "select (schema_name, table_name) from duckdb_tables() where database_name = 'file'))"
            " order by all"
        ).fetchall():
            columns.setdefault((schema, table), {}).setdefault(database, {})[column] = kind
        differences = {}
        for (schema, table), found in columns.items():
            if "file" in found and found.get("warehouse", {}).keys() != found["file"].keys():
                differences[f"{schema}.{table}"] = "has other columns"
            elif "file" in found:
                names = [write_column(name, kind) for name, kind in found["file"].items()]
                selects = [
                    f"select {', '.join(filter(None, names))} from {database}.{schema}.{table}"
                    for database in ("file", "warehouse")
                ]
                rows = connection.execute(
                    f"({selects[0]} except all {selects[1]}) union all"
                    f" ({selects[1]} except all {selects[0]}) limit 4"
                ).fetchall()
                if rows:
                    differences[f"{schema}.{table}"] = rows
        return differences


def write_column(name, kind):
    """A column as the two engines can agree on it; none where they cannot."""
    if name in KEYS:
        return None
    if kind.startswith(("DECIMAL", "DOUBLE")) or "INT" in kind:
        return f"round(cast({name} as double), 6)"
    return f"cast({name} as {'varchar' if '[' in kind else kind})"


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    folder = tmp_path_factory.mktemp("engines")
    write_sample(folder / "raw", 1)
    write_messy(folder / "raw")
    return folder / "raw"


def test_both_engines_give_the_same_rows_on_the_first_day_and_later(raw, server):
    warehouse = raw.parent / "leads.duckdb"
    assert run_dbt(*BUILD, raw=raw, warehouse=warehouse, as_of=FIRST_DAY).success
    run_on_postgres(*BUILD, server=server, raw=raw, as_of=FIRST_DAY)
    assert find_differences(warehouse, server) == {}

    write_sample(raw, 2)
    again = ("run", "--exclude", "path:models/rule_book")
    days = {"as_of": LATER_DAYS, "known": "then"}
    assert run_dbt(*again, raw=raw, warehouse=warehouse, **days).success
    loaded = run_on_postgres(*again, server=server, raw=raw, **days)
    # Of the files of the first round nothing is loaded again.
    assert {done.table: done.files for done in loaded}["crm.leads"] == 1
    assert find_differences(warehouse, server) == {}
    marts = duckdb.connect(str(warehouse), read_only=True)
    assert marts.execute("select count(*) from lead_scores").fetchone()[0] > 10_000
