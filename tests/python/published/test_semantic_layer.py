"""What belongs here: that MetricFlow answers from a publication what SQL answers."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from commands import PROJECT, make_environment
from fake_warehouse import RULES, build_warehouse

from orchestration.lib.published.publication import publish

MF = Path(sys.executable).with_name("mf")

pytestmark = pytest.mark.skipif(
    not MF.exists(),
    reason="MetricFlow is not installed: `make metrics` or `make test` installs it.",
)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    folder = tmp_path_factory.mktemp("semantic_layer")
    warehouse = build_warehouse(folder / "leads.duckdb", leads=120)
    publish(warehouse, folder / "published", run_id="r", rules=RULES)
    return folder / "published"


@pytest.fixture(scope="module")
def ask(published, tmp_path_factory):
    """What MetricFlow answers to a question, as rows; the project has been read for it once."""
    environ = make_environment(target="published", published=published)
    environ.pop("DBT_TARGET_PATH", None)
    run([Path(sys.executable).with_name("dbt"), "--quiet", "parse"], environ)

    def ask(*words):
        file = tmp_path_factory.mktemp("answer") / "answer.csv"
        run([MF, "query", *words, "--csv", file], environ)
        with file.open(newline="") as lines:
            return list(csv.reader(lines))[1:]

    return ask


def run(command, environ):
    done = subprocess.run(
        list(map(str, command)), cwd=PROJECT, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def query(published, sql):
    file = os.path.realpath(published / "leads.duckdb")
    with duckdb.connect(file, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_metrics_are_those_of_the_marts(published, ask):
    answered = ask("--metrics", "leads,mean_score", "--group-by", "scored_lead__tier")
    expected = query(published, "select tier, count(*), avg(score) from scored_leads group by tier")
    assert {tier: (int(n), round(float(mean), 3)) for tier, n, mean in answered} == {
        tier: (n, round(float(mean), 3)) for tier, n, mean in expected
    }


def test_scores_are_grouped_in_bands_of_ten(published, ask):
    answered = ask("--metrics", "leads", "--group-by", "scored_lead__score_band")
    expected = query(
        published,
        "select cast(floor(score / 10) * 10 as integer), count(*) from scored_leads group by 1",
    )
    assert {int(float(band)): int(n) for band, n in answered} == dict(expected)
