"""What belongs here: the facts of events, row for row. However their rows loaded, in order, late,
back in time, unreadable or gone again, what has grown equals what is folded at once."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from dbt_runs import activity, email_event, lead, query, run_dbt, web_event, write_raw

# What tells the rows of a fact apart, and what of them is counted; else all columns do.
FACTS = {
    "int_web_event_days": "visitor_key, email_key, kind_key, occurred_on, known_on",
    "int_email_event_days": "email_key, kind_key, occurred_on, known_on",
    "int_crm_event_days": "lead_key, kind_key, occurred_on, known_on",
    "int_visitor_identifications": "",
    "int_quarantined_events": "",
}
# The last day and hour of loading that each run sees; one finds a load half done, and the last what
# has come back in time or is gone again.
RUNS = [("2026-06-06", 23), ("2026-06-08", 11), ("2026-06-08", 23), ("2026-06-12", 23)]
RUNS += [RUNS[-1]]
BROWSERS = ["Mozilla/5.0 Firefox/127.0", "Googlebot/2.1"]


@pytest.fixture(scope="module")
def rule_book(tmp_path_factory) -> Path:
    """A warehouse that holds the seeds and the reading of the rule book."""
    folder = tmp_path_factory.mktemp("rules")
    outcome = run_dbt(
        "build", "--select", "resource_type:seed", "path:models/rule_book",
        "--exclude-resource-type", "unit_test", "test",
        raw=folder, warehouse=folder / "leads.duckdb",
    )  # fmt: skip
    assert outcome.success, outcome.errors
    return folder / "leads.duckdb"


def fold(raw: Path, warehouse: Path, day: str) -> None:
    """Read what is new in the raw tables, as far as events are folded."""
    outcome = run_dbt(
        "run", "--select", "+event_tables_read", "+event_loads_read", "+visitors_read",
        "--exclude", "path:models/rule_book",
        raw=raw, warehouse=warehouse, as_of=day,
    )  # fmt: skip
    assert outcome.success, outcome.errors


def read_facts(warehouse: Path) -> dict[str, list[tuple]]:
    """The rows of every fact, in order."""
    facts = {}
    for name, keys in FACTS.items():
        counts = "sum(row_count), sum(seen_count), sum(event_count)"
        sql = f"select {keys}, {counts} from intermediate.{name} group by all" if keys else (
            f"select * from intermediate.{name}"
        )  # fmt: skip
        facts[name] = query(warehouse, f"from ({sql}) order by all")
    return facts


def at(day: int, hour: int, second: int = 0) -> str:
    return f"2026-06-{day:02} {hour:02}:00:{second:02}"


def make_events(chance: random.Random) -> dict[str, list[dict]]:
    """Events of ten days of which many come again: as they were, of another type or address, or
    late. Some are of visitors who name themselves on their last days, some cannot be read."""

    def times() -> dict[str, str]:
        day = chance.randrange(1, 11)
        loaded = min(day + chance.choice([0, 0, 0, 1, 3, 8]), 12)
        hour = chance.randrange(8, 24)
        return {
            "occurred_at": at(day, chance.choice([0, 8]), chance.randrange(3)),
            "_loaded_at": at(loaded, hour, chance.randrange(60)),
        }

    web, mails, activities = [], [], []
    for _ in range(500):
        visitor = chance.randrange(-1, 12)
        row = times()
        # The higher its number, the later a visitor gives its address.
        is_named = int(row["occurred_at"][8:10]) >= visitor and chance.random() < 0.15
        web.append(
            web_event(
                f"w{chance.randrange(40)}",
                "2026-06-01",
                visitor_id=f"v{visitor}" if visitor >= 0 else None,
                email=f"{chance.choice('ab')}@x.example" if is_named else None,
                event_type=chance.choice(["page_view", "page_view", "form_submit", "no_such_type"]),
                url=f"/pricing/{chance.randrange(2)}",
                user_agent=chance.choice(BROWSERS),
                **row,
            )
        )
    for _ in range(300):
        mails.append(
            email_event(
                f"e{chance.randrange(60)}",
                "2026-06-01",
                email=f"{chance.choice('abcdef')}@x.example",
                event_type=chance.choice(["delivered", "open", "click", "click", "sent"]),
                campaign_id="m1",
                url=f"/{chance.randrange(2)}",
                **times(),
            )
        )
    for _ in range(100):
        lead_id, activity_type = f"L{chance.randrange(3)}", chance.choice(["call", "meeting"])
        row = activity(f"a{chance.randrange(20)}", "2026-06-01", lead_id, activity_type)
        activities.append({**row, **times()})
    for rows in (web, mails, activities):
        for row in chance.sample(rows, 8):
            row[chance.choice(["occurred_at", "_loaded_at"])] = chance.choice(["soon", ""])
    return {"web.events": web, "email.events": mails, "crm.activities": activities}


def deal_events(events: dict[str, list[dict]], chance: random.Random) -> list[dict[str, list]]:
    """What each run sees: what has loaded by then; but a few rows the last run sees alone, although
    they are said to have loaded before, and a few nameless ones all but the last."""
    seen: list[dict[str, list]] = [{name: [] for name in events} for _ in RUNS]
    for name, rows in events.items():
        for row in rows:
            comes_back, goes = chance.random() < 0.03, chance.random() < 0.03
            for number, (day, hour) in enumerate(RUNS):
                is_last = number == len(RUNS) - 1
                has_loaded = row["_loaded_at"] in ("", "soon") or (
                    row["_loaded_at"] <= f"{day} {hour}:59:59"
                )
                if is_last and goes and not row.get("email"):
                    continue
                if has_loaded and (is_last or not comes_back):
                    seen[number][name].append(row)
    return seen


def test_facts_that_grew_by_what_loaded_equal_those_folded_at_once(tmp_path, rule_book):
    chance = random.Random(1)
    leads = {"crm.leads": [lead("L0"), lead("L1", email="a@x.example")]}
    grown = make_warehouse(rule_book, tmp_path / "grown")
    for number, tables in enumerate(deal_events(make_events(chance), chance)):
        day, _ = RUNS[number]
        raw = write_raw(tmp_path / f"raw_{number}", {**leads, **tables})
        fold(raw, grown, day)
        if number < len(RUNS) - 2:
            continue
        fresh = make_warehouse(rule_book, tmp_path / f"fresh_{number}")
        fold(raw, fresh, day)
        facts, expected = read_facts(grown), read_facts(fresh)
        for name in FACTS:
            assert expected[name], name
            assert facts[name] == expected[name], (number, name)


def make_warehouse(rule_book: Path, folder: Path) -> Path:
    """A copy of the warehouse with the rule book, in a folder of its own."""
    folder.mkdir()
    return shutil.copy(rule_book, folder / "leads.duckdb")


def test_of_a_day_on_which_a_row_comes_late_only_that_row_is_read(tmp_path, rule_book):
    """What had loaded before stays as folded: a row changed in place is not noticed by it."""
    events = [
        web_event("read", "2026-06-01", email="a@x.example"),
        web_event("late", "2026-06-01", email="a@x.example", _loaded_at="2026-06-05 12:00:00"),
        web_event("read", "2026-06-01", email="a@x.example", _loaded_at="2026-06-05 13:00:00"),
    ]
    warehouse = make_warehouse(rule_book, tmp_path / "grown")
    leads = {"crm.leads": [lead("L1", email="a@x.example")]}
    fold(write_raw(tmp_path / "raw", {**leads, "web.events": events[:1]}), warehouse, "2026-06-01")
    moved = [{**events[0], "email": "b@x.example"}, *events[1:]]
    fold(write_raw(tmp_path / "raw", {**leads, "web.events": moved}), warehouse, "2026-06-05")
    assert query(
        warehouse,
        "select count(distinct email_key), sum(row_count), sum(seen_count)"
        " from intermediate.int_web_event_days",
    ) == [(1, 3, 2)]
    read = "select reason, cast(read_from_load as varchar) from intermediate.int_changed_event_days"
    assert query(warehouse, read) == [("new rows", "2026-06-05")]
