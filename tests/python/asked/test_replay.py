"""What belongs here: that a replay scores the days that were asked for, in both senses, and leaves
what is live as it is."""

import io
import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import pytest
from dbt_runs import lead, query, score_raw, write_raw
from fake_warehouse import build_warehouse, change

from orchestration.lib.asked.replay import choose_days, count_leads, describe_days, replay
from orchestration.lib.asked.scratch import open_scratch
from orchestration.lib.basics.settings import load_settings
from orchestration.lib.basics.warehouse import open_warehouse
from orchestration.lib.decided.tiers import write_tiers
from orchestration.lib.published.publication import hash_file

TODAY = date(2026, 7, 9)


def make_settings(folder, **given):
    (folder / "raw").mkdir(exist_ok=True)
    paths = {"LEADS_RAW": str(folder / "raw"), "LEADS_WAREHOUSE": str(folder / "leads.duckdb")}
    return load_settings({**paths, **given}, today=TODAY)


def test_days_that_cannot_be_replayed_are_said_in_a_sentence(tmp_path):
    settings = make_settings(tmp_path)
    chosen = choose_days(settings, "2026-07-08..2026-07-09", today=TODAY)
    assert chosen.as_of_dates == (date(2026, 7, 8), TODAY)
    with pytest.raises(ValueError, match="Say which days to replay: leads replay 2026"):
        choose_days(settings, " ", today=TODAY)
    with pytest.raises(ValueError, match="^DAYS is 'March', which is not a day"):
        choose_days(settings, "March", today=TODAY)
    with pytest.raises(ValueError, match="nothing is known of 2026-07-10 yet: .* is 2026-07-09"):
        choose_days(settings, "2026-07-01..2026-07-10", today=TODAY)


def test_a_day_without_a_lead_is_named_and_the_others_have_a_line_each(tmp_path):
    warehouse = build_warehouse(tmp_path / "leads.duckdb", leads=100)
    change(
        warehouse,
        "delete from lead_tiers where tier = 'ready_to_buy';"
        "update lead_scores set score = null where lead_id = 'L000001'",
    )
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        rows = count_leads(connection)
    [row] = rows
    assert (row["model_id"], row["as_of_date"], row["leads"]) == ("b2b", date(2026, 6, 30), 100)
    assert list(row["tiers"])[0] == "consider_call"
    assert list(row["tiers"])[-1] == "no tier"
    assert sum(row["tiers"].values()) == 100
    lines = describe_days(rows, days=[date(2026, 6, 29), date(2026, 6, 30)])
    assert [line.split()[0] for line in lines if line] == ["b2b", "2026-06-30", "There"]
    assert lines[-1] == "There was no lead yet, so nothing is scored: 2026-06-29"


def test_a_scratch_warehouse_is_a_copy_with_what_a_killed_run_has_left_in_its_log(tmp_path):
    settings = make_settings(tmp_path)
    with open_scratch(settings, tmp_path / "scratch") as scratch:
        assert not scratch.warehouse.exists()
    left = f"""
import duckdb, os
connection = duckdb.connect({str(settings.warehouse)!r})
connection.execute("create table t as select 1 as a; checkpoint; insert into t values (2)")
os._exit(9)
"""
    subprocess.run([sys.executable, "-c", left], check=False)
    assert Path(f"{settings.warehouse}.wal").exists()
    with open_scratch(settings, tmp_path / "scratch") as scratch:
        assert query(scratch.warehouse, "select sum(a) from t") == [(3,)]
        with pytest.raises(ValueError, match="Another run is at work"):  # noqa: SIM117
            with open_scratch(settings, tmp_path / "scratch"):
                pass


def test_days_are_replayed_in_one_pass_beside_what_is_live(tmp_path):
    raw = write_raw(
        tmp_path / "raw",
        {
            "crm.leads": [
                lead("early", job_title="VP of Sales"),
                lead("late", job_title="VP of Sales", _loaded_at="2026-02-15 00:00:00"),
            ]
        },
    )
    warehouse = score_raw(raw, tmp_path)
    with open_warehouse(warehouse) as connection:
        write_tiers(connection)
    checksum = hash_file(warehouse)
    folder = tmp_path / "replay"
    console = io.StringIO()
    settings = choose_days(
        make_settings(tmp_path, LEADS_KNOWN="then"), "2026-02-01,2026-03-01", today=TODAY
    )
    answer = replay(settings, folder=folder, console=console)
    assert query(
        folder / "leads.duckdb",
        "select as_of_date::varchar, list(lead_id order by lead_id) from lead_tiers"
        " where model_id = 'b2b_software' group by all order by all",
    ) == [("2026-02-01", ["early"]), ("2026-03-01", ["early", "late"])]
    assert f"The marts of these days: {folder / 'leads.duckdb'}" in answer.lines
    days = answer.document["days"]
    assert [row["leads"] for row in days if row["model_id"] == "b2b_software"] == [1, 2]
    steps = [line.split()[0] for line in console.getvalue().splitlines()]
    assert steps == ["dbt", "tiers", "dbt"]
    assert hash_file(warehouse) == checksum
