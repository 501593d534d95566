"""What belongs here: that Spark gives what DuckDB gives, row for row, from raw data as it should
be and as it should not to scores, tiers, history and hand-overs, on the first day and for days that
are replayed later; what is only asked beside a warehouse on Spark; and value for value what the two
say apart. Needs Java and the packages of `make setup-spark`."""

import io
import os
import shutil
import sys
from unittest import mock

import duckdb
import pytest
from dbt.cli.main import dbtRunner
from dbt_runs import PROJECT, SCORES, SHIPPED_RULES, SPARING, TIERED, WATERMARKS, run_dbt
from engines_apart import demand_found, list_said, write_column
from messy_rows import write_messy, write_sample

from orchestration.lib.asked.replay import replay
from orchestration.lib.basics.rule_book_files import hash_rules
from orchestration.lib.basics.settings import load_settings
from orchestration.lib.basics.warehouse import open_warehouse
from orchestration.lib.built import dbt_command
from orchestration.lib.decided.tiers import write_tiers
from samples.generate import main as generate

pytest.importorskip("pyspark", reason="pyspark is in .venv-spark alone: make test-spark")
if shutil.which("java") is None:
    pytest.skip("there is no Java", allow_module_level=True)

FIRST_DAY = "2026-06-19"
# Replayed together, each as it was known then.
LATER_DAYS = "2026-06-29,2026-06-30"
# What tiers are decided by, with all that it is made of. A table on Spark takes a second, however
# few rows it has.
CHOSEN = ("--select", *(f"+{model}" for model in (*TIERED, *WATERMARKS)))
CHOSEN = (*CHOSEN, "--exclude-resource-type", "test", "unit_test")
# Later the rule book is as it was.
CHOSEN_LATER = (*CHOSEN, "seed", "--exclude", "path:models/rule_book")
# What Python writes of a scored day.
DECIDED = (
    "lead_tiers", "tier_cut_offs", "lead_score_history", "scored_days", "hand_overs",
    "hand_over_rules",
)  # fmt: skip


def set_variables(target, folder, **variables):
    """The settings of a run on an engine, whose warehouse lies in a folder. On Spark with
    TEST_SPARK_MASTER as its cluster, else in this process."""
    return mock.patch.dict(
        os.environ,
        {
            "LEADS_TARGET": target,
            "LEADS_WAREHOUSE": str(folder / f"{target}.duckdb"),
            "LEADS_PUBLISHED": str(folder / "published"),
            "LEADS_RAW": str(folder / "raw"),
            "LEADS_AS_OF": FIRST_DAY,
            "LEADS_KNOWN": "now",
            "LEADS_SPARK_MASTER": os.environ.get("TEST_SPARK_MASTER", ""),
            # The rows of each table fit one part.
            "LEADS_SPARK_PARTITIONS": "1",
            "PYSPARK_PYTHON": sys.executable,
            "SPARK_LOCAL_IP": "127.0.0.1",
            "DBT_RULES_SHA256": hash_rules(SHIPPED_RULES),
            "DBT_TARGET_PATH": str(PROJECT / "build" / "test" / f"{target}-for-spark"),
            **variables,
        },
    )


def compile_on(target, query, folder):
    """The SQL that an engine is given for a query with macros in it."""
    options = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), *SPARING]
    with set_variables(target, folder):
        result = dbtRunner().invoke(["compile", "--inline", query, *options])
    assert result.success, result.exception
    return result.result.results[0].node.compiled_code


def score_on_duckdb(folder, chosen, *, as_of, known="now"):
    """Build what tiers are decided by, and decide."""
    warehouse = folder / "duckdb.duckdb"
    outcome = run_dbt(
        "build", *chosen, raw=folder / "raw", warehouse=warehouse, as_of=as_of, known=known
    )
    assert outcome.success, outcome.errors
    with open_warehouse(warehouse) as connection:
        write_tiers(connection)


def score_on_spark(folder, chosen, *, as_of, known="now"):
    """Load raw files, build and decide the same, as a run does."""
    with set_variables("spark", folder, LEADS_AS_OF=as_of, LEADS_KNOWN=known):
        settings = load_settings()
        dbt_command.load_files(settings)
        list(
            dbt_command.run_dbt(
                ["build", *chosen], settings=settings, target_path=folder / "target"
            )
        )
        with open_warehouse(settings.warehouse) as connection:
            write_tiers(connection)


def find_differences(folder):
    """Of each table and mart of DuckDB's warehouse that has other rows on Spark some of them, and
    the names of all that were compared; numbers to six decimals."""
    differences = {}
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for target in ("duckdb", "spark"):
            connection.execute(f"attach '{folder}/{target}.duckdb' as {target}_file (read_only)")
        columns = {}
        for database, schema, table, column, kind in connection.execute(
            "select database_name, schema_name, table_name, column_name, data_type"
            " from duckdb_columns() where not internal and (schema_name in ('main', 'scoring')"
            # What other views show is read by tables and marts.
            " or (schema_name, table_name) in (select (schema_name, table_name)"
            " from duckdb_tables() where database_name = 'duckdb_file')) order by all"
        ).fetchall():
            columns.setdefault((schema, table), {}).setdefault(database, {})[column] = kind
        compared = [place for place, found in columns.items() if "duckdb_file" in found]
        for schema, table in compared:
            kinds = columns[schema, table]["duckdb_file"]
            if columns[schema, table].get("spark_file", {}).keys() != kinds.keys():
                differences[f"{schema}.{table}"] = "has other columns"
                continue
            written = ", ".join(filter(None, (write_column(*item) for item in kinds.items())))
            ours, theirs = (
                f"select {written} from {target}_file.{schema}.{table}"
                for target in ("duckdb", "spark")
            )
            rows = connection.execute(
                f"(({ours}) except all ({theirs}) limit 2)"
                f" union all (({theirs}) except all ({ours}) limit 2)"
            ).fetchall()
            if rows:
                differences[f"{schema}.{table}"] = rows
    return differences, {table for _, table in compared}


def count_rows(folder, table):
    with duckdb.connect(f"{folder}/spark.duckdb", read_only=True) as connection:
        return connection.execute(f"select count(*) from {table}").fetchone()[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spark")
    generate(
        ["--out", str(folder / "sample"), "--last-day", "2026-06-30", "--days", "60"]
        + ["--leads", "150", "--events", "3000"]
    )
    write_sample(folder / "raw", 1, sample=folder / "sample")
    write_messy(folder / "raw", leads=100)
    return folder


@pytest.fixture(scope="module")
def first_day(folder):
    """Both warehouses as of the first day, with what find_differences finds."""
    score_on_duckdb(folder, CHOSEN, as_of=FIRST_DAY)
    score_on_spark(folder, CHOSEN, as_of=FIRST_DAY)
    return find_differences(folder)


@pytest.fixture(scope="module")
def later(folder, first_day):
    """The same after later days were scored, with rows that have loaded since."""
    write_sample(folder / "raw", 2, sample=folder / "sample")
    score_on_duckdb(folder, CHOSEN_LATER, as_of=LATER_DAYS, known="then")
    score_on_spark(folder, CHOSEN_LATER, as_of=LATER_DAYS, known="then")
    return find_differences(folder)


def test_what_engines_say_apart_is_made_the_same(folder):
    from pyspark.sql import SparkSession

    query = "select " + ", ".join(f"{text} as column_{n}" for n, text in enumerate(list_said()))
    compiled = {target: compile_on(target, query, folder) for target in ("duckdb", "spark")}
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


def list_landed(folder):
    """The files that Spark reads in place of the raw files of leads."""
    return set(folder.glob("spark.duckdb.spark/raw/crm/leads/*.parquet"))


def test_both_engines_decide_the_same_on_the_first_day(folder, first_day):
    differences, compared = first_day
    assert differences == {}
    assert compared >= {*TIERED, *DECIDED}
    assert count_rows(folder, "hand_overs") > 0


def test_both_engines_decide_the_same_for_later_days(folder, first_day, request):
    before = list_landed(folder)
    differences, _ = request.getfixturevalue("later")
    # Of the files of the first round nothing is written again.
    landed = list_landed(folder)
    assert before < landed and len(landed) == len(before) + 1
    assert differences == {}
    assert count_rows(folder, "scored_days where as_of_date > '2026-06-19'") > 0


def test_days_that_are_replayed_beside_a_warehouse_on_spark_have_its_scores(folder, later):
    with set_variables("spark", folder, LEADS_AS_OF=LATER_DAYS, LEADS_KNOWN="then"):
        replay(load_settings(), folder=folder / "replay", console=io.StringIO())
    with duckdb.connect() as connection:
        connection.execute(f"attach '{folder}/replay/spark.duckdb' as replayed (read_only)")
        connection.execute(f"attach '{folder}/spark.duckdb' as scored (read_only)")
        for table in (*SCORES, "lead_tiers"):
            columns = connection.execute(
                "select column_name, data_type from duckdb_columns() where table_name = ?"
                " and database_name = 'replayed'",
                [table],
            ).fetchall()
            written = ", ".join(filter(None, (write_column(*column) for column in columns)))
            here, there = (
                f"select {written} from {database}.main.{table}"
                f" where as_of_date > date '{FIRST_DAY}'"
                for database in ("replayed", "scored")
            )
            assert connection.execute(f"select count(*) from ({here})").fetchone()[0] > 0
            assert connection.execute(f"({here}) except all ({there}) limit 2").fetchall() == []
            assert connection.execute(f"({there}) except all ({here}) limit 2").fetchall() == []
