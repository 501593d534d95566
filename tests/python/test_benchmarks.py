"""The scripts that the project is measured against score what the project scores, all alike."""

import datetime as dt
import importlib

import duckdb
import pytest

from benchmarks import data, project, rule_book, suite
from benchmarks.data import LAST_DAY, Size
from benchmarks.project import SHIPPED_RULES
from benchmarks.scripts import Steps

A_DAY_EARLIER = LAST_DAY - dt.timedelta(days=1)


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    return data.prepare(tmp_path_factory.mktemp("raw"), Size(leads=300, events=30_000, days=365))


def rows_of(script, raw, out, as_of=LAST_DAY):
    module = importlib.import_module(f"benchmarks.{script}_script")
    module.score(raw, rule_book.read(SHIPPED_RULES, as_of), out, Steps())
    return out


@pytest.mark.parametrize("script", ["polars", "pandas"])
def test_the_scripts_come_to_the_same_rows(script, raw, tmp_path):
    pytest.importorskip(script, reason=f"{script} is not installed; `make bench` installs it")
    expected = rows_of("duckdb", raw.day, tmp_path / "expected.parquet")
    found = rows_of(script, raw.day, tmp_path / "found.parquet")
    assert duckdb.sql(f"from '{expected}'").count("*").fetchone()[0] > 1000
    assert suite.compare_rows(expected, found) == ""


def test_a_difference_is_told_in_words(raw, tmp_path):
    expected = rows_of("duckdb", raw.day, tmp_path / "expected.parquet")
    found = rows_of("duckdb", raw.day, tmp_path / "found.parquet", A_DAY_EARLIER)
    assert "rows with other points" in suite.compare_rows(expected, found)


def test_the_day_before_is_the_day_without_what_loaded_on_it(raw):
    def rows_loaded(root, where):
        return duckdb.sql(
            f"select count(*) from '{root}/web/events/**/*.parquet' where {where}"
        ).fetchone()[0]

    before = f"_loaded_at < date '{LAST_DAY}'"
    assert rows_loaded(raw.day, f"not {before}") > 0
    assert rows_loaded(raw.day_before, "true") == rows_loaded(raw.day, before)


def test_the_rule_book_of_the_benchmark_names_what_it_uses(tmp_path):
    project.write_behavioural_rules(tmp_path)
    shipped, own = (rule_book.read(folder, LAST_DAY) for folder in (SHIPPED_RULES, tmp_path))
    assert own.rules == shipped.rules
    assert own.definitions == shipped.definitions
