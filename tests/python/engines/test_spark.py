"""What belongs here: that Spark, with two workers, gives what DuckDB gives, row for row, on raw
data as it should be and as it should not, on the first day and for days that are replayed later;
and value for value what the two say apart. Needs Java and the packages of `make setup-spark`."""

import glob
import json
import os
import shutil
from unittest import mock

import duckdb
import pytest
from dbt.cli.main import dbtRunner
from dbt_runs import PROJECT, SHIPPED_RULES, SPARING, run_dbt
from engines_apart import demand_found, list_said, write_column
from messy_rows import write_messy, write_sample

from orchestration.lib.basics.rule_book_files import hash_rules
from orchestration.lib.basics.settings import load_settings
from orchestration.lib.built.land_raw import land_raw

pytest.importorskip("pyspark", reason="pyspark is in .venv-spark alone: make test-spark")
if shutil.which("java") is None:
    pytest.skip("there is no Java", allow_module_level=True)

FIRST_DAY = "2026-06-19"
# Replayed together, each as it was known then.
LATER_DAYS = "2026-06-29,2026-06-30"
BUILD = ("build", "--exclude-resource-type", "test", "unit_test")
# Tables of two workers, each in a process of its own.
CLUSTER = os.environ.get("TEST_SPARK_MASTER", "local-cluster[2,1,1024]")


def set_variables(target, folder, **variables):
    """The settings of a run on an engine, whose warehouse lies in a folder."""
    return mock.patch.dict(
        os.environ,
        {
            "LEADS_TARGET": target,
            "LEADS_WAREHOUSE": str(folder / f"{target}.duckdb"),
            "LEADS_RAW": str(folder / "raw"),
            "LEADS_AS_OF": FIRST_DAY,
            "LEADS_KNOWN": "now",
            "LEADS_SPARK_MASTER": CLUSTER,
            "SPARK_LOCAL_IP": "127.0.0.1",
            "DBT_RULES_SHA256": hash_rules(SHIPPED_RULES),
            "DBT_TARGET_PATH": str(PROJECT / "build" / "test" / f"{target}-for-spark"),
            **variables,
        },
    )


def invoke(*arguments):
    """dbt's result of a command in this process."""
    errors = []

    def note(event):
        if event.info.level == "error":
            errors.append(event.info.msg)

    folders = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    result = dbtRunner(callbacks=[note]).invoke([*arguments, *folders, *SPARING])
    assert result.success, [*errors, result.exception]
    return result.result


def run_on_spark(*arguments, folder, **variables):
    """Land the raw files and run dbt on Spark; what was landed."""
    with set_variables("duckdb", folder):
        landed, tables = land_raw(load_settings(), folder=folder / "spark.duckdb.spark" / "raw")
    with set_variables("spark", folder, **variables):
        invoke("run-operation", "register_tables", "--args", json.dumps({"tables": tables}))
        invoke(*arguments)
    return landed


def read_parquet(folder, schema, table):
    """What reads the rows of a table of Spark, or of a view, which Spark writes down for it."""
    from pyspark.sql import SparkSession

    session = SparkSession.builder.getOrCreate()
    if not session.catalog.tableExists(f"{schema}.{table}"):
        return None
    files = glob.glob(
        f"{folder}/spark.duckdb.spark/tables/{schema}.db/{table}/**/*.parquet", recursive=True
    )
    if not files:
        place = folder / "shown" / schema / table
        shutil.rmtree(place, ignore_errors=True)
        session.table(f"{schema}.{table}").coalesce(1).write.parquet(str(place))
        files = glob.glob(f"{place}/*.parquet")
    return f"read_parquet({files!r}, hive_partitioning = true)"


def find_differences(folder):
    """Of each table and mart of DuckDB's warehouse that has other rows on Spark some of them;
    numbers to six decimals."""
    differences = {}
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"attach '{folder}/duckdb.duckdb' as file (read_only)")
        columns = {}
        for schema, table, column, kind in connection.execute(
            "select schema_name, table_name, column_name, data_type from duckdb_columns()"
            " where database_name = 'file' and not internal and (schema_name = 'main'"
            # What other views show is read by tables and marts.
            " or (schema_name, table_name) in (select (schema_name, table_name)"
            " from duckdb_tables() where database_name = 'file')) order by all"
        ).fetchall():
            columns.setdefault((schema, table), {})[column] = kind
        for (schema, table), kinds in columns.items():
            found = read_parquet(folder, schema, table)
            if found is None:
                differences[f"{schema}.{table}"] = "is not there"
                continue
            names = [name for name, *_ in connection.execute(f"describe from {found}").fetchall()]
            if set(names) != set(kinds):
                differences[f"{schema}.{table}"] = "has other columns"
                continue
            written = ", ".join(filter(None, (write_column(*item) for item in kinds.items())))
            ours, theirs = (
                f"select {written} from {place}" for place in (f"file.{schema}.{table}", found)
            )
            rows = connection.execute(
                f"(({ours}) except all ({theirs}) limit 2)"
                f" union all (({theirs}) except all ({ours}) limit 2)"
            ).fetchall()
            if rows:
                differences[f"{schema}.{table}"] = rows
    return differences


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spark")
    write_sample(folder / "raw", 1)
    write_messy(folder / "raw")
    return folder


def test_what_engines_say_apart_is_made_the_same(folder):
    from pyspark.sql import SparkSession

    columns = ", ".join(f"{text} as column_{n}" for n, text in enumerate(list_said()))
    compiled = {}
    for target in ("duckdb", "spark"):
        with set_variables(target, folder):
            found = invoke("compile", "--inline", f"select {columns}")
            compiled[target] = found.results[0].node.compiled_code
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        ours = connection.execute(compiled["duckdb"]).fetchone()
    theirs = SparkSession.builder.getOrCreate().sql(compiled["spark"]).collect()[0]
    demand_found(ours)
    apart = {
        said: (our, their)
        for said, our, their in zip(list_said(), ours, theirs, strict=True)
        if our != their
    }
    # The dotted capital I becomes two characters, as Unicode has it.
    assert apart == {"lower('ÉŠΣİ')": ("éšσi", "éšσi̇")}


def test_both_engines_give_the_same_rows_on_the_first_day_and_later(folder):
    warehouse = folder / "duckdb.duckdb"
    raw = folder / "raw"
    assert run_dbt(*BUILD, raw=raw, warehouse=warehouse, as_of=FIRST_DAY).success
    run_on_spark(*BUILD, folder=folder)
    assert find_differences(folder) == {}

    write_sample(raw, 2)
    again = ("run", "--exclude", "path:models/rule_book")
    days = {"as_of": LATER_DAYS, "known": "then"}
    assert run_dbt(*again, raw=raw, warehouse=warehouse, **days).success
    landed = run_on_spark(*again, folder=folder, LEADS_AS_OF=LATER_DAYS, LEADS_KNOWN="then")
    # Of the files of the first round nothing is written again.
    assert {done.table: done.files for done in landed}["crm.leads"] == 1
    assert find_differences(folder) == {}
