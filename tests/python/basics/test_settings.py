"""What belongs here: what the LEADS_* settings mean, and that wrong ones are said in a sentence
before anything runs."""

import re
import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.lib.basics.settings import (
    PROJECT_ROOT,
    RULE_SEEDS,
    check_settings,
    list_settings,
    load_settings,
)

TODAY = date(2027, 1, 2)


def test_without_settings_the_sample_is_scored_as_of_its_last_day(tmp_path):
    shutil.copy(PROJECT_ROOT / "dbt_project.yml", tmp_path)
    settings = load_settings({}, project=tmp_path, today=TODAY)
    assert settings.as_of_dates == (date(2026, 6, 30),)
    assert settings.raw is None
    assert settings.warehouse == tmp_path / "warehouse/leads.duckdb"
    assert settings.published == tmp_path / "published"
    assert settings.target == "duckdb"
    assert "LEADS_RAW" not in list_settings(settings)


def test_real_files_or_raw_tables_in_the_warehouse_are_scored_as_of_today(tmp_path):
    shutil.copy(PROJECT_ROOT / "dbt_project.yml", tmp_path)
    files = load_settings({"LEADS_RAW": "/data"}, project=tmp_path, today=TODAY)
    assert (files.as_of_dates, files.raw) == ((TODAY,), Path("/data"))
    (tmp_path / "warehouse").mkdir()
    with duckdb.connect(str(tmp_path / "warehouse/leads.duckdb")) as connection:
        connection.execute("create schema crm; create view crm.leads as select 1 as lead_id")
    assert load_settings({}, project=tmp_path, today=TODAY).as_of_dates == (TODAY,)


def test_paths_become_absolute_and_blank_settings_count_as_not_set(tmp_path):
    settings = load_settings(
        {"LEADS_RAW": " ", "LEADS_RULES": "mine/../rules", "LEADS_AS_OF": "2026-01-31"},
        project=tmp_path,
    )
    assert settings.raw is None
    assert list_settings(settings)["LEADS_RULES"] == str(tmp_path / "rules")
    assert list_settings(settings)["LEADS_AS_OF"] == "2026-01-31"


@pytest.mark.parametrize("text", ["yesterday", "2026-02-30", "20260630", "2026-6-30"])
def test_an_as_of_date_that_is_no_day_is_refused(text):
    with pytest.raises(ValueError, match=f"LEADS_AS_OF is '{text}', which is not a day"):
        load_settings({"LEADS_AS_OF": text})


@pytest.mark.parametrize(
    "text", ["9999-12-31", "0001-01-01", "1969-12-31", "1000-01-01..9999-12-31"]
)
def test_a_day_that_cannot_be_scored_is_refused_with_the_range_that_can(text):
    with pytest.raises(
        ValueError, match=rf"LEADS_AS_OF is '{text}', .* the days from 1970-01-01 to \d{{4}}-"
    ):
        load_settings({"LEADS_AS_OF": text})


def test_several_days_are_scored_in_order_each_once():
    settings = load_settings({"LEADS_AS_OF": "2026-03-15, 2026-02-27..2026-03-01,2026-02-28"})
    assert [str(day) for day in settings.as_of_dates] == [
        "2026-02-27",
        "2026-02-28",
        "2026-03-01",
        "2026-03-15",
    ]
    assert list_settings(settings)["LEADS_AS_OF"] == "2026-02-27..2026-03-01,2026-03-15"


def test_the_days_of_a_run_go_before_the_setting():
    days = [date(2026, 1, 1), date(2026, 1, 2)]
    settings = load_settings({"LEADS_AS_OF": "2026-06-30"}, as_of_dates=days)
    assert settings.as_of_dates == tuple(days)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "2026-06-01,soon",
            "LEADS_AS_OF is '2026-06-01,soon', of which 'soon' is not a day: write",
        ),
        ("2026-06-01..", "LEADS_AS_OF is '2026-06-01..', of which '' is not a day"),
        (
            "2026-06-30..2026-06-01",
            "LEADS_AS_OF is '2026-06-30..2026-06-01', where a range ends before it starts: write "
            "the earlier day first, 2026-06-01..2026-06-30.",
        ),
    ],
)
def test_days_that_are_not_said_well_are_refused(text, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        load_settings({"LEADS_AS_OF": text})


def test_what_is_known_is_passed_on_and_nothing_else_is_taken_for_it():
    assert list_settings(load_settings({"LEADS_AS_OF": "2026-06-30"}))["LEADS_KNOWN"] == "now"
    settings = load_settings({"LEADS_AS_OF": "2026-06-30", "LEADS_KNOWN": "then"})
    assert list_settings(settings)["LEADS_KNOWN"] == "then"
    with pytest.raises(ValueError, match="LEADS_KNOWN is 'later', which is neither now .* then"):
        load_settings({"LEADS_KNOWN": "later"})


def test_a_missing_raw_folder_rule_folder_or_rule_file_is_named(tmp_path):
    def check(**environ):
        check_settings(load_settings({"LEADS_AS_OF": "2026-06-30", **environ}))

    with pytest.raises(ValueError, match="LEADS_RAW is /nowhere, but there is no such folder"):
        check(LEADS_RAW="/nowhere")
    with pytest.raises(ValueError, match="LEADS_RULES is /nowhere, but there is no such folder"):
        check(LEADS_RULES="/nowhere")
    for seed in RULE_SEEDS:
        (tmp_path / f"{seed}.csv").write_text("model_id\n")
    check(LEADS_RULES=str(tmp_path))
    (tmp_path / "grades.csv").unlink()
    with pytest.raises(ValueError, match=r"lacks grades\.csv: add what is missing"):
        check(LEADS_RULES=str(tmp_path))


def test_the_shipped_rule_book_is_complete():
    assert len(RULE_SEEDS) == 14
    check_settings(load_settings({"LEADS_AS_OF": "2026-06-30"}))
