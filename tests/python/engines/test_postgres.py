"""What belongs here: that Postgres gives what DuckDB gives, row for row, on raw data as it should
be and as it should not, on the first day, on a later one, and for days that are replayed; and value
for value what the two say apart."""

import functools
import json
import os
import re
from unittest import mock

import duckdb
import pytest
import sqlglot
import yaml
from dbt.cli.main import dbtRunner
from dbt_runs import PROJECT, SHIPPED_RULES, SPARING, lead, run_dbt, write_raw
from engines_apart import SAID_APART, demand_found, list_said, write_column
from messy_rows import write_messy, write_sample
from postgres_server import start_server

from orchestration.lib.basics.outcomes import Unusable
from orchestration.lib.basics.postgres import (
    attach_postgres,
    hold_database,
    locate_postgres,
    open_session,
)
from orchestration.lib.basics.rule_book_files import hash_rules
from orchestration.lib.basics.settings import load_settings
from orchestration.lib.built.load_raw import load_raw

FIRST_DAY = "2026-06-19"
# Replayed together, each as it was known then.
LATER_DAYS = "2026-06-29,2026-06-30"
BUILD = ("build", "--exclude-resource-type", "test", "unit_test")


@pytest.fixture(scope="module")
def server():
    with start_server() as variables:
        yield variables


def set_variables(target, server, **variables):
    """The settings of a run on an engine."""
    return mock.patch.dict(
        os.environ,
        {
            **server,
            "LEADS_TARGET": target,
            "LEADS_KNOWN": "now",
            "DBT_RULES_SHA256": hash_rules(SHIPPED_RULES),
            "DBT_TARGET_PATH": str(PROJECT / "build" / "test" / target),
            **variables,
        },
    )


def invoke(*arguments, **options):
    """dbt's result of a command in this process."""
    errors = []

    def note(event):
        if event.info.level == "error":
            errors.append(event.info.msg)

    folders = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    result = dbtRunner(callbacks=[note], **options).invoke([*arguments, *folders, *SPARING])
    assert result.success, [*errors, result.exception]
    return result.result


@functools.cache
def read_project(target):
    """What dbt reads of the project for an engine; called with the settings of a run."""
    return invoke("parse")


def run_on_postgres(*arguments, server, raw, as_of, known="now"):
    """Run dbt on the server with the raw files loaded before; returns what was loaded, and dbt's
    result."""
    with set_variables(
        "postgres", server, LEADS_RAW=str(raw), LEADS_AS_OF=as_of, LEADS_KNOWN=known
    ):
        loaded = load_raw(load_settings())
        result = invoke(*arguments, manifest=read_project("postgres"))
    return loaded, result


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


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    folder = tmp_path_factory.mktemp("engines")
    write_sample(folder / "raw", 1)
    write_messy(folder / "raw")
    return folder / "raw"


@pytest.fixture(scope="module")
def first_day(raw, server):
    """The SQL of each model as Postgres ran it on the first day."""
    _, result = run_on_postgres(*BUILD, server=server, raw=raw, as_of=FIRST_DAY)
    models = [done.node for done in result.results if done.node.resource_type == "model"]
    return {model.name: model.compiled_code for model in models}


def test_both_engines_give_the_same_rows_on_the_first_day_and_later(raw, first_day, server):
    warehouse = raw.parent / "leads.duckdb"
    assert run_dbt(*BUILD, raw=raw, warehouse=warehouse, as_of=FIRST_DAY).success
    assert find_differences(warehouse, server) == {}

    write_sample(raw, 2)
    again = ("run", "--exclude", "path:models/rule_book")
    days = {"as_of": LATER_DAYS, "known": "then"}
    assert run_dbt(*again, raw=raw, warehouse=warehouse, **days).success
    loaded, _ = run_on_postgres(*again, server=server, raw=raw, **days)
    # Of the files of the first round nothing is loaded again.
    assert {done.table: done.files for done in loaded}["crm.leads"] == 1
    assert find_differences(warehouse, server) == {}
    marts = duckdb.connect(str(warehouse), read_only=True)
    assert marts.execute("select count(*) from lead_scores").fetchone()[0] > 10_000


def compile_for(target, expressions, server, *, warehouse):
    """SQL that selects the expressions in one row, on an engine."""
    columns = ", ".join(f"{text} as column_{n}" for n, text in enumerate(expressions))
    with set_variables(target, server, LEADS_AS_OF=FIRST_DAY, LEADS_WAREHOUSE=str(warehouse)):
        compiled = invoke("compile", "--inline", f"select {columns}", manifest=read_project(target))
    return compiled.results[0].node.compiled_code


def test_what_engines_say_apart_is_made_the_same(server, tmp_path):
    warehouse = tmp_path / "leads.duckdb"
    with set_variables("postgres", server, LEADS_AS_OF=FIRST_DAY):
        # Any command that writes has the functions made.
        invoke("seed", "--select", "dimensions", manifest=read_project("postgres"))
        place = locate_postgres()
    said = list_said()
    with attach_postgres(place, is_read_only=True) as connection:

        def ask(sql):
            return connection.execute(
                "select * from postgres_query('warehouse', ?)", [sql]
            ).fetchone()

        ours = connection.execute(
            compile_for("duckdb", said, server, warehouse=warehouse)
        ).fetchone()
        theirs = ask(compile_for("postgres", said, server, warehouse=warehouse))
        assert dict(zip(said, theirs, strict=True)) == dict(zip(said, ours, strict=True))
        demand_found(ours)
        for (name, (_, alone)), value in zip(SAID_APART.items(), ours, strict=False):
            try:
                apart = ask(f"select {alone} as x")[0]
            except duckdb.Error:
                continue
            assert apart != value, name


# The models whose SQL, as Postgres runs it, sqlglot cannot put into the words of an engine that
# nothing was ever run on, and why (docs/how-to/bring-another-engine.md). It knows grammar alone.
REFUSED = {
    "snowflake": {},
    "databricks": {},
    "redshift": {},
    "bigquery": {
        # It replaces all that is found, and has no flags.
        "'modifiers' is not supported for expression 'RegexpReplace'": (
            "base_crm__accounts base_crm__activities base_crm__lead_attributes"
            " base_crm__lead_feedback base_crm__leads base_crm__opportunities"
            " base_crm__opportunity_stages base_email__campaigns base_email__events"
            " base_web__events int_event_kind_activities"
            " int_lead_profiles int_new_visitor_events lead_score_ledger projected_value_tests"
            " rule_book_activity_problems sequence_steps value_tests"
        ),
        "translation not supported for aggregate function": (
            "account_scores condition_texts int_event_tables int_exclusions lead_funnel"
            " lead_outcome_classes lead_scores lead_totals lead_unknowns rule_book_cell_problems"
            " rule_book_name_problems unmet_demands"
        ),
        "translation not supported in window function": (
            "projected_scores score_trend sequence_ends"
        ),
        # sqlglot itself stumbles, on what it cannot say of the order in a window.
        "has no attribute 'sql_name'": "projected_conditions projected_curves",
    },
}


@pytest.fixture(scope="module")
def trees(first_day):
    """What sqlglot reads of each model, by its name."""
    return {name: sqlglot.parse_one(sql, read="postgres") for name, sql in first_day.items()}


@pytest.mark.parametrize("dialect", REFUSED)
def test_what_another_engine_would_not_parse_is_known(trees, dialect):
    found = {}
    for name, tree in trees.items():
        try:
            sqlglot.parse_one(
                tree.sql(dialect=dialect, unsupported_level=sqlglot.ErrorLevel.RAISE), read=dialect
            )
        except (sqlglot.errors.SqlglotError, AttributeError) as error:
            reasons = [reason for reason in REFUSED[dialect] if reason in str(error)]
            found.setdefault(reasons[0] if reasons else str(error), []).append(name)
    refused = {reason: " ".join(sorted(names)) for reason, names in found.items()}
    assert len(trees) > 200
    assert refused == REFUSED[dialect]


def test_both_engines_keep_the_same_versions_of_what_a_crm_overwrites(server, tmp_path):
    overwrites = {"crm_overwrites": True}
    build = ("build", "--select", "+crm_leads_snapshot", "--exclude-resource-type", "test")
    kept = "select lead_id, job_title, dbt_valid_to is null, updated_at from {} order by all"

    def version(lead_id, title, day):
        times = {"updated_at": f"{day} 08:00:00", "_loaded_at": f"{day} 09:00:00"}
        return lead(lead_id, job_title=title, **times)

    with (
        mock.patch.dict(os.environ, server),
        open_session(locate_postgres()) as session,
        session.cursor() as cursor,
    ):
        cursor.execute("create database snapshots template template0 lc_collate 'C'")
    there = {**server, "LEADS_POSTGRES_DATABASE": "snapshots"}
    with set_variables("postgres", there, LEADS_AS_OF=FIRST_DAY):
        place = locate_postgres()
        project = invoke("parse", "--vars", json.dumps(overwrites))
    given = ("--vars", json.dumps(overwrites))
    warehouse = tmp_path / "leads.duckdb"
    first = [version(lead_id, "VP Sales", "2026-05-01") for lead_id in "abc"]
    second = [version("a", "Clerk", "2026-05-20"), first[1], version("d", "Clerk", "2026-05-20")]
    for leads in (first, second):
        raw = write_raw(tmp_path / "raw", {"crm.leads": leads})
        done = run_dbt(*build, raw=raw, warehouse=warehouse, variables=overwrites)
        assert done.success, done.errors
        with set_variables("postgres", there, LEADS_RAW=str(raw), LEADS_AS_OF=FIRST_DAY):
            load_raw(load_settings())
            invoke(*build, *given, manifest=project)
    with attach_postgres(place, is_read_only=True) as connection:
        connection.execute(f"attach '{warehouse}' as file (read_only)")
        theirs, ours = (
            connection.execute(kept.format(f"{name}.snapshots.crm_leads_snapshot")).fetchall()
            for name in ("warehouse", "file")
        )
    assert theirs == ours
    assert [row[:3] for row in ours] == [
        ("a", "Clerk", True), ("a", "VP Sales", False), ("b", "VP Sales", True),
        ("c", "VP Sales", False), ("d", "Clerk", True),
    ]  # fmt: skip


def test_a_plain_dbt_and_another_run_keep_out_of_each_others_way(server):
    seed = ("seed", "--select", "dimensions", "--vars", "{wait_for_run_seconds: 0}")
    sentence = "Another run is at work in the database postgres"
    with set_variables("postgres", server, LEADS_AS_OF=FIRST_DAY):
        place, project = locate_postgres(), read_project("postgres")
        with hold_database(place, wait_seconds=0):
            with pytest.raises(AssertionError, match=sentence):
                invoke(*seed, manifest=project)
            # Its own dbt does not wait for the run.
            with mock.patch.dict(os.environ, DBT_WAREHOUSE_IS_HELD="yes"):
                invoke(*seed, manifest=project)
        with open_session(place) as session, session.cursor() as cursor:
            cursor.execute("set application_name = 'leads dbt'")
            with pytest.raises(AssertionError, match=sentence):
                invoke(*seed, manifest=project)
            with pytest.raises(Unusable, match="Another run is at work in the database postgres"):
                hold_database(place, wait_seconds=0).__enter__()
        with hold_database(place, wait_seconds=0):
            pass
        invoke("seed", "--select", "dimensions", manifest=project)


def test_unit_tests_say_what_both_engines_understand():
    for path in sorted((PROJECT / "models").rglob("*.yml")):
        text = path.read_text(encoding="utf-8")
        wrong = re.findall(r"(?:\brange|::double|as double)\b(?! precision)\(?[\d)]", text)
        assert not wrong, f"{path.name}: write generate_series and double precision"
        names = [test["name"] for test in yaml.safe_load(text).get("unit_tests", [])]
        # Postgres takes no longer name.
        assert [name for name in names if len(name) > 63] == []
