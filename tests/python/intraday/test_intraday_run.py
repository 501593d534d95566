"""What belongs here: a day with intraday runs, by the command itself: what is published after them
is what a daily run would publish, each hand-over goes out once, the night is not touched."""

import json
import shutil
from pathlib import Path

import duckdb
import pytest
from commands import run_in as run
from dbt_runs import SCORES, query, score_raw
from messy_rows import SAMPLE

from orchestration.lib.delivered.outbox import list_messages, open_outbox

NOON = "2026-06-30 10:00:00"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """An installation that has scored the sample's last day as it was known in the morning."""
    folder = tmp_path_factory.mktemp("intraday")
    write_rows(folder, f"_loaded_at < timestamp '{NOON}'")
    assert "There is nothing published" not in run(folder, "run", "--intraday", code=1)
    run(folder, "run")
    return folder


@pytest.fixture(scope="module")
def told(folder) -> str:
    """What the command says of the rows that have loaded since."""
    shutil.copy(folder / "leads.duckdb", folder / "night.duckdb")
    write_rows(folder, "true")
    return run(folder, "run", "--intraday")


def write_rows(folder: Path, condition: str) -> None:
    for file in SAMPLE.glob("*/*.parquet"):
        to = folder / "raw" / file.relative_to(SAMPLE)
        to.parent.mkdir(parents=True, exist_ok=True)
        duckdb.execute(f"copy (from '{file}' where {condition}) to '{to}'")


def read_published(folder: Path, sql: str) -> list[tuple]:
    return query((folder / "published" / "leads.duckdb").resolve(), sql)


def test_what_is_published_is_what_a_daily_run_would_publish(folder, told, tmp_path):
    assert "Scored anew: " in told
    warehouse = score_raw(folder / "raw", tmp_path, models=SCORES)
    for mart in SCORES:
        published = read_published(folder, f"from {mart} order by all")
        assert published == query(warehouse, f"from {mart} order by all")
    manifest = json.loads((folder / "published/current/manifest.json").read_text())
    assert manifest["intraday"]["leads"] > 50


def test_hand_overs_of_the_day_are_released_once_and_the_night_is_left_alone(folder, told):
    released = "select count(*) from hand_overs where released_at is not null"
    ((before,),) = query(folder / "night.duckdb", released)
    ((now,),) = query(folder / "leads.duckdb", released)
    assert f"Handed over: {now - before} leads; from load to hand-over half" in told
    assert now > before
    assert run(folder, "outbox").split()[:2] == ["pending", str(now)]
    for table in ("lead_totals", "lead_tiers", "lead_score_history"):
        place = f"scoring.{table}" if table == "lead_totals" else table
        assert query(folder / "night.duckdb", f"from {place} order by all") == query(
            folder / "leads.duckdb", f"from {place} order by all"
        )


def test_how_old_the_answer_is_is_said_wherever_it_is_read(folder, told):
    [(lead_id, loaded_at, scored_at, released_at)] = query(
        folder / "leads.duckdb",
        "select lead_id, loaded_at, scored_at, released_at from hand_overs"
        " where scored_at is not null order by lead_id limit 1",
    )
    assert NOON <= str(loaded_at) < str(scored_at) <= str(released_at)
    payload = json.loads(read_payload(folder, lead_id))
    assert payload["loaded_at"] == f"{loaded_at.isoformat()}Z"
    assert payload["released_at"] > payload["loaded_at"]
    story = run(folder, "explain", lead_id)
    assert f"from what had loaded at {loaded_at:%H:%M:%S}" in story
    seconds = (released_at - loaded_at).total_seconds()
    assert f"handed over {seconds:,.0f} s after it had loaded" in story
    progress = "A day in progress, as of"
    assert progress in story
    assert progress in (folder / "published/current/index.html").read_text()
    anew = read_published(folder, "select count(*), count(distinct lead_id) from intraday_leads")
    manifest = json.loads((folder / "published/current/manifest.json").read_text())
    assert anew == [(manifest["intraday"]["leads"],) * 2]


def read_payload(folder: Path, lead_id: str) -> str:
    with open_outbox(folder / "leads.outbox.sqlite") as outbox:
        [message] = [
            message
            for message in list_messages(outbox, "pending")
            if json.loads(message.payload)["lead_id"] == lead_id
        ]
    return message.payload


def test_where_nothing_has_loaded_nothing_happens(folder, told):
    before = (folder / "published/current").readlink()
    assert "Nothing has loaded that touches a lead" in run(folder, "run", "--intraday")
    assert (folder / "published/current").readlink() == before
    assert [path.name[:6] for path in (folder / ".leads.intraday").iterdir()] == ["rules-"]
