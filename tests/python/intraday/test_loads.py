"""What belongs here: that a feed which is silent, where it usually is not by this time, is noticed
during the day, and none because the day is young."""

from dataclasses import replace
from datetime import date, datetime

import duckdb
import pytest
from dbt_runs import web_event, write_raw

from orchestration.lib.basics.outcomes import Refused, WrongUse
from orchestration.lib.basics.settings import load_settings
from orchestration.lib.checked.health import Limit
from orchestration.lib.decided.acceptances import Refusal, list_refusals, note_refusals
from orchestration.lib.intraday import loads, watch
from orchestration.lib.intraday.raw_rows import find_raw_rows
from orchestration.lib.intraday.run import demand_offer

TUESDAY = "2026-06-30"
WEEKS_BEFORE = ("2026-06-02", "2026-06-09", "2026-06-16", "2026-06-23")
WARNS = Limit("warn", falls_to=0.2, from_rows=20)


def load_by_hour(day: str, hours: range, *, rows: int) -> list[dict]:
    """As many rows in each of these hours of a day."""
    return [
        web_event(f"{day}-{hour}-{row}", day, _loaded_at=f"{day} {hour:02}:15:00")
        for hour in hours
        for row in range(rows)
    ]


def find_settings(tmp_path, raw):
    return load_settings(
        {
            "LEADS_RAW": str(raw),
            "LEADS_WAREHOUSE": str(tmp_path / "leads.duckdb"),
            "LEADS_PUBLISHED": str(tmp_path / "published"),
            "LEADS_AS_OF": TUESDAY,
        }
    )


def judge_at(tmp_path, monkeypatch, time, events, limit=WARNS):
    """What is warned of where a day is looked at at a time."""
    raw = write_raw(tmp_path / "raw", {"web.events": events})
    settings = find_settings(tmp_path, raw)
    duckdb.connect(str(settings.warehouse)).close()
    monkeypatch.setattr(loads, "read_limits", lambda *_: {("", loads.MEASURE): [limit]})
    monkeypatch.setattr(loads, "find_now", lambda: datetime.fromisoformat(f"{TUESDAY} {time}"))
    with duckdb.connect() as connection:
        rows = find_raw_rows(connection, settings, raw)
        return loads.judge_loads(connection, {"web.events": rows["web.events"]}, settings)


@pytest.mark.parametrize(
    ("time", "hours", "is_warned"),
    [
        # Ten o'clock, and as much as usual by ten o'clock.
        ("10:00", range(0, 10), False),
        # The same at midnight is a third of a day.
        ("23:59", range(0, 10), False),
        ("23:59", range(0, 3), True),
        # Silent all morning.
        ("12:00", range(0), True),
        # By one o'clock a few rows are usual: too few to say anything.
        ("01:00", range(0), False),
    ],
)
def test_a_part_of_a_day_is_compared_with_the_same_part_of_that_weekday(
    tmp_path, monkeypatch, time, hours, is_warned
):
    before = [row for day in WEEKS_BEFORE for row in load_by_hour(day, range(24), rows=5)]
    # Mondays are twice as busy and say nothing of a Tuesday.
    before += load_by_hour("2026-06-29", range(24), rows=10)
    today = load_by_hour(TUESDAY, hours, rows=5)
    warnings = judge_at(tmp_path, monkeypatch, time, before + today)
    assert [
        warning.startswith("web.events, rows that have loaded so far today: ")
        for warning in warnings
    ] == [True] * is_warned


def test_what_blocks_stops_the_run_and_a_feed_without_a_past_does_not(tmp_path, monkeypatch):
    blocks = Limit("block", falls_to=0.2, from_rows=20)
    before = load_by_hour(WEEKS_BEFORE[-1], range(24), rows=5)
    with pytest.raises(Refused, match=r"so far today: 0, usually about 60 .* leads accept"):
        judge_at(tmp_path, monkeypatch, "12:00", before, blocks)
    fresh = load_by_hour(TUESDAY, range(1), rows=1)
    assert judge_at(tmp_path, monkeypatch, "12:00", fresh, blocks) == []


def test_what_the_daily_run_has_refused_can_still_be_accepted(tmp_path, monkeypatch):
    held = Refusal("b2b.hand_overs_due", "hold", 0.2, False, "Too many.")
    note_refusals(tmp_path / "leads.duckdb", [held])
    before = load_by_hour(WEEKS_BEFORE[-1], range(24), rows=5)
    judge_at(tmp_path, monkeypatch, "12:00", before)
    assert list_refusals(tmp_path / "leads.duckdb") == [held]
    with pytest.raises(Refused):
        blocks = Limit("block", falls_to=0.2, from_rows=20)
        judge_at(tmp_path, monkeypatch, "12:00", before, blocks)
    refused = [refusal.what for refusal in list_refusals(tmp_path / "leads.duckdb")]
    assert refused == ["b2b.hand_overs_due", "web.events.loaded_today"]


def test_a_feed_that_falls_silent_is_noticed_once_where_nothing_runs(tmp_path, monkeypatch):
    every_hour = [row for day in WEEKS_BEFORE for row in load_by_hour(day, range(24), rows=5)]
    assert (
        judge_at(
            tmp_path, monkeypatch, "04:59", every_hour + load_by_hour(TUESDAY, range(1), rows=5)
        )
        == []
    )
    settings = find_settings(tmp_path, tmp_path / "raw")
    # Nothing is read for it.
    monkeypatch.setattr(watch, "open_warehouse", None)
    monkeypatch.setattr(loads, "count_loaded", None)
    watching = watch.Watch(watch.take_mark(settings))
    said = {}
    for time in ("05:10", "05:29", "05:31", "07:20", "23:59"):
        monkeypatch.setattr(
            loads, "find_now", lambda at=time: datetime.fromisoformat(f"{TUESDAY} {at}")
        )
        looked = watching.look(settings, console=None)
        said[time] = looked.describe() if looked else []
    assert list(watching.silent) == ["web.events"]
    [sentence] = [line for line in said.pop("05:31") if line.startswith("WARNING: web.events, ")]
    assert "rows that have loaded so far today: 5, usually about 30" in sentence
    assert list(said.values()) == [[]] * 4
    # Of the next day nothing is known yet.
    monkeypatch.setattr(loads, "find_now", lambda: datetime.fromisoformat("2026-07-01 12:00"))
    assert loads.judge_silence(replace(settings, as_of_dates=(date(2026, 7, 1),))) == {}


def test_where_intraday_runs_are_not_offered_it_is_said(tmp_path):
    settings = find_settings(tmp_path, tmp_path)
    demand_offer(replace(settings, target="postgres"))
    with pytest.raises(
        WrongUse, match="'spark'.* offered on duckdb and postgres alone: `leads run`"
    ):
        demand_offer(replace(settings, target="spark"))
