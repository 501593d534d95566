"""What belongs here: a day with intraday runs, by the command itself: what is published after them
is what a daily run would publish, each hand-over goes out once, the night is not touched."""

import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from commands import PROJECT, make_environment
from commands import run_in as run
from dbt_runs import SCORES, query, score_raw
from landings import ask_for_demo, find_emails, land
from messy_rows import SAMPLE
from receivers import SECRET, run_receiver

from orchestration.defs.intraday import intraday_sensor
from orchestration.lib.delivered.outbox import list_messages, open_outbox

NOON = "2026-06-30 10:00:00"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """An installation that has scored the sample's last day as it was known in the morning."""
    folder = tmp_path_factory.mktemp("intraday")
    land(SAMPLE, folder / "raw", f"_loaded_at < timestamp '{NOON}'")
    assert "There is nothing published" not in run(folder, "run", "--intraday", code=1)
    run(folder, "run")
    return folder


@pytest.fixture(scope="module")
def told(folder) -> str:
    """What the command says of the rows that have loaded since."""
    shutil.copy(folder / "leads.duckdb", folder / "night.duckdb")
    land(SAMPLE, folder / "raw")
    return run(folder, "run", "--intraday")


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
    # Who came back during the day is not sent.
    ((open_now,),) = query(folder / "leads.duckdb", f"{released} and recycled_on is null")
    assert run(folder, "outbox").split()[:2] == ["pending", str(open_now)]
    assert open_now == now - 1
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
    assert payload["loaded_at"] == f"{loaded_at.isoformat(timespec='seconds')}Z"
    assert payload["released_at"] > payload["loaded_at"]
    story = run(folder, "explain", lead_id)
    assert f"from what had loaded at {loaded_at:%H:%M:%S}" in story
    # It was published before it was released.
    assert f", loaded at {loaded_at:%H:%M:%S} UTC" in story
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


# What the audit of a daily run asks of all leads, such as how old the newest activity is, is not
# asked of one; but that its rows are there once and add up is.
def test_a_lead_that_has_done_nothing_lately_is_published_alone(folder, told):
    file = folder / "raw/crm/leads.parquet"
    [(lead_id,)] = read_published(
        folder,
        "select min(lead_id) from scored_leads where last_activity_on < date '2026-06-01'",
    )
    fresh = file.with_suffix(".new")
    duckdb.execute(
        f"""
        copy (
            from '{file}'
            union all
            select versions.* replace (
                'CEO' as job_title, newest.at as updated_at, newest.at as _loaded_at
            )
            from (
                from '{file}' where lead_id = '{lead_id}' order by updated_at desc limit 1
            ) as versions,
            (select max(_loaded_at) + interval 1 minute as at from '{file}') as newest
        ) to '{fresh}' (format parquet)
        """
    )
    fresh.replace(file)
    run(folder, "run", "--intraday")
    scored = "select lead_id from intraday_leads order by scored_at desc limit 1"
    assert read_published(folder, scored) == [(lead_id,)]
    ledger = f"select rule_id from lead_score_ledger where lead_id = '{lead_id}'"
    assert ("level_c_or_vp",) in read_published(folder, ledger)
    kept = [path.read_text() for path in (folder / ".leads.intraday").glob("rules-*/*.json")]
    assert "assert_score_is_the_sum_of_its_ledger" in "".join(kept)


def let_ask(folder: Path, place: int) -> str:
    """A lead that is not far from sales asks for a demo. Returns who it is; `place` counts them."""
    raw = folder / "raw"
    [(lead_id, email)] = read_published(
        folder,
        f"""
        select lead_id, email
        from scored_leads
        inner join {find_emails(raw)} using (lead_id)
        where model_id = 'b2b_software' and tier = 'nurture' and not is_excluded
            and tier_reason is null and duplicate_of is null and email is not null
        order by score desc, lead_id limit 1 offset {place}
        """,
    )
    ask_for_demo(
        raw,
        email,
        name=f"asking-{place}",
        at="timestamp '2026-06-30 20:00:00'",
        loaded_at="max(_loaded_at) + interval 1 minute",
    )
    return lead_id


def list_publications(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "published/versions").iterdir())


def find_settings(folder: Path, url: str) -> dict[str, object]:
    return {
        "raw": folder / "raw", "warehouse": folder / "leads.duckdb", "as_of": "2026-06-30",
        "published": folder / "published", "intraday_seconds": 1,
        "webhook_url": url, "webhook_secret": SECRET,
    }  # fmt: skip


def test_what_loads_is_noticed_scored_and_sent_and_nothing_runs_else(folder, told):
    with run_receiver() as receiver:
        watching = subprocess.Popen(
            [sys.executable, "-P", "-m", "orchestration.cli", "watch"],
            cwd=PROJECT, env=make_environment(**find_settings(folder, receiver.url)),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        try:
            # The first look finds nothing; all that waited is sent.
            assert "Looking every 1 s" in watching.stdout.readline()
            assert "touched      0 leads" in watching.stdout.readline()
            assert "Nothing has loaded that touches a lead" in watching.stdout.readline()
            wait_until(lambda: len(receiver.requests) > 3)
            before, sent = list_publications(folder), len(receiver.requests)
            lead_id = let_ask(folder, 0)
            asked = lambda: [r for r in receiver.requests[sent:] if lead_id in r.body.decode()]  # noqa: E731
            wait_until(asked)
            payload = json.loads(asked()[0].body)
            assert payload["lead_id"] == lead_id and "Asked for a demo" in payload["reasons"]
            after = list_publications(folder)
            assert after != before
            # A second load that is none: the same file, looked at again and again.
            time.sleep(5)
            assert list_publications(folder) == after
        finally:
            # Not as Ctrl-C does, which is ignored where tests run in the background.
            watching.terminate()
            words = watching.communicate(timeout=20)[0]
    assert re.search(r"Scored anew: \d+ leads?\. Published as", words)


def wait_until(holds) -> None:
    started = time.monotonic()
    while not holds():
        assert time.monotonic() - started < 120
        time.sleep(0.1)


def test_dagsters_sensor_does_the_same_and_tells_the_seconds(folder, told, monkeypatch):
    with run_receiver() as receiver:
        for name, value in find_settings(folder, receiver.url).items():
            monkeypatch.setenv(f"LEADS_{name.upper()}", str(value))
        with dg.instance_for_test() as instance:
            tick(instance)
            assert tick(instance) == "Nothing has loaded since the last run."
            lead_id = let_ask(folder, 1)
            assert "Scored anew: " in tick(instance)
            assert any(lead_id in request.body.decode() for request in receiver.requests)
            event = instance.get_latest_materialization_event(dg.AssetKey("intraday_leads"))
        found = event.asset_materialization.metadata
        assert found["hand_overs"].value >= 1
        assert 0 < found["seconds_median"].value <= found["seconds_longest"].value
        # What stops a run is said at each tick, and costs none of them a run.
        shutil.copy(SAMPLE / "crm/leads.parquet", folder / "raw/crm/leads.csv")
        for _ in range(2):
            with pytest.raises(ValueError, match="leads"):
                tick(dg.DagsterInstance.ephemeral())


def tick(instance: dg.DagsterInstance) -> str:
    """One real evaluation of the sensor: what it says."""
    return intraday_sensor.evaluate_tick(dg.build_sensor_context(instance=instance)).skip_message
