"""What belongs here: that what dbt complains about reaches people as sentences, and that dbt leaves
the rule book's files alone."""

import os
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

from orchestration.lib.basics.settings import PROJECT_ROOT
from orchestration.lib.built.dbt_report import describe_failures

MEANING = "A failing row is a score that is\nnot the sum of its ledger."


def make_result(name, status, message):
    node = SimpleNamespace(name=name, description=MEANING)
    return SimpleNamespace(node=node, status=status, message=message)


def test_our_own_sentences_come_without_dbts_frame_and_once():
    frame = (
        "Compilation Error in {} (models/x.sql)\n  The raw table crm.leads is missing.\n  \n"
        "  > in macro demand_required_columns (macros/raw_tables.sql)\n  > called by <Unknown>"
    )
    results = [
        make_result("a", "error", frame.format("model a")),
        make_result("b", "error", frame.format("model b")),
        make_result("c", "skipped", None),
        make_result("d", "success", "OK"),
    ]
    assert describe_failures(results) == ["The raw table crm.leads is missing."]


def test_a_failed_test_says_its_name_what_dbt_counted_and_what_it_means():
    results = [make_result("assert_sum", "fail", "Got 3 results, configured to fail")]
    assert describe_failures(results) == [
        "The test assert_sum fails: Got 3 results, configured to fail. "
        "A failing row is a score that is not the sum of its ledger."
    ]


def test_a_failed_test_says_what_the_comment_that_it_begins_with_says():
    result = make_result("assert_sum", "fail", "Got 1 result, configured to fail if != 0")
    comment = "-- A failing row is a lead whose ledger\n-- does not add up.\n"
    result.node.compiled_code = f"\n{comment}with\n\n-- Those that are scored.\nleads as (select 1)"
    assert describe_failures([result]) == [
        "The test assert_sum fails: Got 1 result, configured to fail if != 0. "
        "A failing row is a lead whose ledger does not add up."
    ]


def test_a_database_error_says_what_and_where():
    message = "Runtime Error in model x (models/x.sql)\n  Binder Error: no such column \x1b[0m"
    results = [make_result("x", "error", message)]
    assert describe_failures(results) == ["models/x.sql: Binder Error: no such column"]


def test_a_rule_book_given_by_its_absolute_path_is_read_and_never_written(tmp_path):
    rules = Path(shutil.copytree(PROJECT_ROOT / "seeds/rules", tmp_path / "rules"))
    before = {path.name: path.read_bytes() for path in rules.iterdir()}
    subprocess.run(
        [PROJECT_ROOT / ".venv/bin/dbt", "seed", "--quiet", "--select", "tiers", "models"],
        cwd=PROJECT_ROOT,
        env={
            **os.environ,
            "LEADS_RULES": str(rules),
            "LEADS_WAREHOUSE": str(tmp_path / "leads.duckdb"),
            "DBT_TARGET_PATH": str(tmp_path / "target"),
            "DBT_LOG_PATH": str(tmp_path / "logs"),
        },
        check=True,
        capture_output=True,
    )
    assert {path.name: path.read_bytes() for path in rules.iterdir()} == before
