"""Leads whose story is over: their latest deal keeps them out of the tiers that hand over.
Worked out by hand over several days, and at random against the contract's words in Python."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from dbt_runs import (
    SCORES,
    SHIPPED_RULES,
    activity,
    build_warehouse,
    copy_shipped_rules,
    judge_rules,
    lead,
    query,
    run_dbt,
    score_raw,
    web_event,
    write_raw,
)
from hypothesis import strategies as st
from test_incremental_laws import shift
from test_laws import draw
from test_unknowns import write_rules

from orchestration.lib.basics.warehouse import open_warehouse
from orchestration.lib.built.dbt_command import AFTER_TIERS
from orchestration.lib.decided.tiers import write_tiers

DAYS = ["2026-06-24", "2026-06-25", "2026-06-27", "2026-06-29", "2026-06-30"]
CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def write_book(folder: Path, suppressions, *, models=({"model_id": "m"},)) -> Path:
    """A rule book whose leads are all worth twenty points, enough for a call."""
    ids = [model["model_id"] for model in models]
    return write_rules(
        folder, {}, limits={}, tiers={}, key_fields=[], scores=(0, 100),
        further={
            "models": [
                {"title": "M", "goal": "buys", "role": "champion", "version": "1", "min_score": 0,
                 "max_score": 100, **model} for model in models
            ],
            "rules_demographic": [
                {"model_id": model_id, "rule_id": "all", "attribute": "email_kind",
                 "operator": "present", "points": 20, "reason": "r", "owner": "o",
                 "valid_from": "2025-01-01"} for model_id in ids
            ],
            "key_fields": [{"model_id": model_id, "attribute": "email"} for model_id in ids],
            "dimensions": [
                {"model_id": model_id, "dimension": dimension, "axis": axis} for model_id in ids
                for dimension, axis in [("demographic", "fit"), ("behavioral", "engagement")]
            ],
            "tiers": [
                {"model_id": model_id, **tier} for model_id in ids for tier in [
                    {"tier": "call", "enter_at": 10, "leave_below": 5, "min_days_in_tier": 3,
                     "action": "call", "stage": "purchase", "hands_over": "true"},
                    {"tier": "wait", "enter_at": 0, "action": "mail", "stage": "interest",
                     "hands_over": "false"},
                ]
            ],
            "activities": [
                {"activity": "look", "channel": "web", "event_type": "page_view"},
                {"activity": "ask", "channel": "crm", "event_type": "ask"},
                {"activity": "call", "channel": "crm", "event_type": "call"},
            ],
            "suppressions": suppressions,
        },
    )  # fmt: skip


def deal(opportunity_id: str, created_on: str, **columns: object) -> Mapping[str, object]:
    """A raw opportunity, open unless said otherwise."""
    times = dict.fromkeys(("created_at", "updated_at", "_loaded_at"), f"{created_on} 10:00:00")
    return {
        "opportunity_id": opportunity_id, "lead_id": None, "account_id": None, "product": None,
        "is_won": None, "closed_at": None, **times, **columns,
    }  # fmt: skip


def lost(opportunity_id: str, closed_on: str, **columns: object) -> Mapping[str, object]:
    """One that was lost on a day, known from then on."""
    closed = f"{closed_on} 09:00:00"
    return deal(
        opportunity_id, "2026-06-01", is_won="false", closed_at=closed, updated_at=closed,
        _loaded_at=closed, **columns,
    )  # fmt: skip


LEADS = [
    "free", "lost", "came_back", "asked_that_day", "crawled", "won_later", "of_account", "rejected",
    "tries_again",
]  # fmt: skip
TABLES = {
    "crm.leads": [
        lead(name, email=f"{name}@acme.example",
             account_id="acme" if name == "of_account" else None)
        for name in LEADS
    ],
    "crm.opportunities": [
        lost("o-lost", "2026-06-25", lead_id="lost"),
        lost("o-back", "2026-06-25", lead_id="came_back"),
        lost("o-that-day", "2026-06-25", lead_id="asked_that_day"),
        lost("o-crawled", "2026-06-25", lead_id="crawled"),
        # It says won on the 25th, and closes on the 26th.
        deal("o-won", "2026-06-01", lead_id="won_later", is_won="true",
             closed_at="2026-06-26 09:00:00", updated_at="2026-06-25 10:00:00",
             _loaded_at="2026-06-25 10:00:00"),
        lost("o-account", "2026-06-25", account_id="acme"),
        lost("o-rejected", "2026-06-25", lead_id="rejected"),
        lost("o-first", "2026-06-25", lead_id="tries_again"),
        deal("o-second", "2026-06-26", lead_id="tries_again"),
    ],
    "crm.lead_feedback": [
        {"lead_id": "rejected", "verdict": "rejected", "reason": "not now",
         "decided_at": "2026-06-25 12:00:00", "_loaded_at": "2026-06-25 12:00:00"},
    ],
    "crm.activities": [
        activity("a-back", "2026-06-27", "came_back", "ask"),
        activity("a-that-day", "2026-06-25", "asked_that_day", "ask"),
        activity("a-other", "2026-06-27", "lost", "call"),
    ],
    "web.events": [
        web_event("w-crawled", "2026-06-26", email="crawled@acme.example", user_agent=CRAWLER),
        *(web_event(f"beat-{day}", day, visitor_id="somebody") for day in DAYS),
    ],
}  # fmt: skip
# What tells of the latest deals alone.
SUPPRESSED = (*SCORES, "int_lead_suppressions")
SUPPRESSIONS = [
    {"deal_state": "lost", "cool_down_days": 5, "reopened_by": "look|ask", "reason": "Said no"},
    {"deal_state": "won", "cool_down_days": "", "reopened_by": "", "reason": "Bought"},
]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory) -> Path:
    """The golden leads day by day, every day published; tiers and what is read after them of each
    day are kept aside."""
    folder = tmp_path_factory.mktemp("suppressions")
    rules = write_book(folder / "rules", SUPPRESSIONS)
    raw = write_raw(folder / "raw", TABLES)
    path = None
    for day in DAYS:
        if path is None:
            path = score_raw(raw, folder, rules=rules, as_of=day)
        else:
            outcome = run_dbt(
                "run", "--exclude", AFTER_TIERS, "path:models/rule_book",
                raw=raw, warehouse=path, rules=rules, as_of=day,
            )  # fmt: skip
            assert outcome.success, outcome.errors
        with open_warehouse(path) as connection:
            write_tiers(connection)
            connection.execute(f"create table tiers_{day[-2:]} as from lead_tiers")
            connection.execute(
                f"update hand_overs set released_at = timestamp '{day} 20:00:00'"
                " where released_at is null"
            )
        if day in ("2026-06-29", "2026-06-30"):
            outcome = run_dbt(
                "run", "--select", AFTER_TIERS, "int_lead_verdicts",
                raw=raw, warehouse=path, rules=rules, as_of=day,
            )  # fmt: skip
            assert outcome.success, outcome.errors
            with duckdb.connect(str(path)) as connection:
                for mart in ("lead_outlook", "lead_funnel", "hand_over_feedback"):
                    connection.execute(f"create table {mart}_{day[-2:]} as from {mart}")
    return path


def read_tiers(warehouse: Path, day: int) -> dict[str, tuple]:
    return {
        lead_id: tuple(rest)
        for lead_id, *rest in query(
            warehouse, f"select lead_id, tier, tier_reason from tiers_{day}"
        )
    }


LOST = "deal lost on 2026-06-25 (Said no), until 2026-06-30"
WON = "deal won on 2026-06-26 (Bought), for good"
BOTH = f"rejected by sales (not now), until 2026-08-24; {LOST}"
CALL = ("call", None)


def test_a_lead_rests_from_the_day_of_its_deal_until_the_days_are_over_or_it_comes_back(warehouse):
    assert read_tiers(warehouse, 24) == dict.fromkeys(LEADS, CALL)
    rests = ("wait", LOST)
    # The 25th, the day itself: within three days of the tier's beginning, and out of it.
    assert read_tiers(warehouse, 25) == {
        **dict.fromkeys(LEADS, rests), "free": CALL, "won_later": CALL, "rejected": ("wait", BOTH),
    }  # fmt: skip
    expected = {
        **dict.fromkeys(LEADS, rests), "free": CALL, "rejected": ("wait", BOTH),
        "won_later": ("wait", WON), "came_back": CALL, "tries_again": CALL,
    }  # fmt: skip
    assert read_tiers(warehouse, 27) == expected
    assert read_tiers(warehouse, 29) == expected
    # 25 + 5: over on the 30th.
    assert read_tiers(warehouse, 30) == {
        **dict.fromkeys(LEADS, CALL), "won_later": ("wait", WON),
        "rejected": ("wait", "rejected by sales (not now), until 2026-08-24"),
    }  # fmt: skip


def test_a_lead_that_comes_back_is_handed_over_again(warehouse):
    hand_overs = query(
        warehouse,
        "select lead_id, hand_over_number, day(due_on), day(recycled_on), recycle_reason"
        " from hand_overs order by all",
    )
    took_back = (25, "deal lost: Said no")
    assert hand_overs == [
        ("asked_that_day", 1, 24, *took_back), ("asked_that_day", 2, 30, None, None),
        ("came_back", 1, 24, *took_back), ("came_back", 2, 27, None, None),
        ("crawled", 1, 24, *took_back), ("crawled", 2, 30, None, None),
        ("free", 1, 24, None, None),
        ("lost", 1, 24, *took_back), ("lost", 2, 30, None, None),
        ("of_account", 1, 24, *took_back), ("of_account", 2, 30, None, None),
        ("rejected", 1, 24, 25, "rejected by sales: not now"),
        ("tries_again", 1, 24, *took_back), ("tries_again", 2, 27, None, None),
        ("won_later", 1, 24, 27, "deal won: Bought"),
    ]  # fmt: skip


def test_nothing_is_foretold_of_a_lead_that_is_kept_out(warehouse):
    def foretold(day):
        return {
            lead_id for (lead_id,) in query(warehouse, f"select lead_id from lead_outlook_{day}")
        }

    assert foretold(29) == {"free", "came_back", "tries_again"}
    assert foretold(30) == {*LEADS} - {"rejected", "won_later"}


def test_sales_and_marketing_see_who_is_kept_out_and_why(warehouse):
    funnel = query(
        warehouse,
        "select stage, leads_now, leads_kept_out, kept_out_because from lead_funnel_29"
        " where leads_now > 0 order by position",
    )
    assert funnel == [
        ("interest", 5, 5, "deal lost: Said no (4); rejected by sales: not now (1)"),
        ("handed_over", 2, 0, None),
        ("opportunity", 1, 0, None),
        ("customer", 1, 1, "deal won: Bought (1)"),
    ]
    feedback = query(
        warehouse,
        "select value, hand_overs, accepted, rejected, open from hand_over_feedback_29"
        " where kind = 'deal' order by value",
    )
    assert feedback == [("deal lost: Said no", 6, 0, 0, 6), ("deal won: Bought", 1, 0, 0, 1)]


# column, new value, the rest of the sentence after "suppressions.csv, row 2, column "
BAD_CELLS = [
    ("model_id", "b2c", "model_id: 'b2c' is not a model of models.csv."),
    ("deal_state", "declined",
     "deal_state: 'declined' is unknown; it must be one of open, won, lost."),
    ("cool_down_days", "a month",
     "cool_down_days: 'a month' is not a number; write it as 1250 or 12.5."),
    ("cool_down_days", "-1", "cool_down_days: '-1' must lie between 0 and 36500."),
    ("reopened_by", "demo_request|sky_diving",
     "reopened_by: 'sky_diving' is not an activity of activities.csv."),
    ("reason", "", "reason: is empty and must be filled."),
]  # fmt: skip


def test_rows_that_cannot_work_are_named(tmp_path):
    rules = shutil.copytree(SHIPPED_RULES, tmp_path / "rules")
    row = {"model_id": "b2b_software", "deal_state": "lost", "cool_down_days": "30",
           "reopened_by": "demo_request", "reason": "r"}  # fmt: skip
    rows = [{**row, column: value} for column, value, _ in BAD_CELLS]
    with (rules / "suppressions.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, row)
        writer.writeheader()
        writer.writerows(rows)
    outcome = judge_rules(rules, copy_shipped_rules(tmp_path / "leads.duckdb"), "suppressions")
    assert not outcome.success
    for number, (*_, sentence) in enumerate(BAD_CELLS):
        assert f"suppressions.csv, row {number + 2}, column {sentence}" in outcome.errors
    # Rows 4 to 7 say the same of one model and state.
    assert (
        "suppressions.csv, row 5, column deal_state: 'lost' is there twice, also in row 4"
        in outcome.errors
    )


# --- Random deals -------------------------------------------------------------------------------

LAST_DAY = date(2026, 6, 30)
some_days = st.dates(LAST_DAY - timedelta(40), LAST_DAY).map(str)
RANDOM_MODELS = [{"model_id": "m"}, {"model_id": "p", "product": "analytics"}]
RANDOM_SUPPRESSIONS = [
    {"model_id": "m", "deal_state": "lost", "cool_down_days": 10, "reopened_by": "ask",
     "reason": "lost"},
    {"model_id": "m", "deal_state": "won", "cool_down_days": "", "reopened_by": "call | ask",
     "reason": "won"},
    {"model_id": "p", "deal_state": "open", "cool_down_days": 15, "reopened_by": "",
     "reason": "open"},
    {"model_id": "p", "deal_state": "lost", "cool_down_days": 0, "reopened_by": "",
     "reason": "never"},
    {"model_id": "p", "deal_state": "won", "cool_down_days": 20, "reopened_by": "call",
     "reason": "won"},
]  # fmt: skip
versions = st.lists(
    st.tuples(
        st.integers(0, 30), st.integers(0, 12), st.sampled_from([None, "true", "false", "false"]),
        # A row that closes more than a day after it loaded is set aside.
        st.sampled_from([None, 0, 0, -2, 1, 1]),
    ),
    min_size=1,
    max_size=3,
)  # fmt: skip
deals = st.tuples(
    some_days,
    st.sampled_from(["lead", "lead", "account", "both"]),
    st.sampled_from([None, "analytics", "Analytics", "automation"]),
    versions,
)
worlds = st.tuples(
    st.lists(deals, max_size=3),
    st.lists(st.tuples(some_days, st.sampled_from(["ask", "call"])), max_size=5),
)


def write_world(drawn) -> dict[str, list]:
    """Raw tables of one lead, with an account of its own, per drawn world."""
    tables: dict[str, list] = {"crm.leads": [], "crm.opportunities": [], "crm.activities": []}
    for number, (its_deals, events) in enumerate(drawn):
        lead_id, account_id = f"L{number:03}", f"A{number:03}"
        tables["crm.leads"].append(
            lead(lead_id, email=f"{lead_id}@acme.example", account_id=account_id)
        )
        for place, (created, owner, product, its_versions) in enumerate(its_deals):
            for minute, (later, late, is_won, closes_later) in enumerate(its_versions):
                updated = f"{date.fromisoformat(created) + timedelta(later)}"
                closed = closes_later is not None and is_won and (
                    f"{date.fromisoformat(updated) + timedelta(closes_later)} 09:30:00"
                )  # fmt: skip
                tables["crm.opportunities"].append(
                    deal(
                        f"O{number:03}-{place}", created,
                        lead_id=None if owner == "account" else lead_id,
                        account_id=None if owner == "lead" else account_id,
                        product=product, is_won=is_won, closed_at=closed or None,
                        updated_at=f"{updated} 10:0{minute}:00",
                        _loaded_at=shift(f"{updated} 11:0{minute}:00", late),
                    )
                )  # fmt: skip
        for place, (day, kind) in enumerate(events):
            tables["crm.activities"].append(activity(f"a{number}-{place}", day, lead_id, kind))
    return tables


def expect_suppressions(tables, as_of: date, *, known_until: date) -> set[tuple]:
    """(model_id, lead_id, deal_state, deal_state_on, suppressed_until) by the contract."""
    expected = set()
    for row in tables["crm.leads"]:
        for model in RANDOM_MODELS:
            found = find_latest_deal(
                tables, row, model.get("product"), as_of=as_of, known_until=known_until
            )
            for rule in RANDOM_SUPPRESSIONS:
                if not found or (rule["model_id"], rule["deal_state"]) != (
                    model["model_id"], found[0],
                ):  # fmt: skip
                    continue
                state, since = found
                until = None
                if rule["cool_down_days"] != "":
                    until = since + timedelta(int(rule["cool_down_days"]))
                names = {name.strip() for name in rule["reopened_by"].split("|")}
                is_back = any(
                    event["lead_id"] == row["lead_id"] and event["activity_type"] in names
                    and since < date.fromisoformat(event["occurred_at"][:10]) <= as_of
                    for event in tables["crm.activities"]
                )  # fmt: skip
                if (until is None or as_of < until) and not is_back:
                    expected.add((model["model_id"], row["lead_id"], state, since, until))
    return expected


def find_latest_deal(tables, lead_row, product, *, as_of: date, known_until: date):
    """(state, since) of the latest deal of a lead and its account, or None."""
    newest: dict[str, dict] = {}
    for row in tables["crm.opportunities"]:
        if row["updated_at"][:10] > str(as_of) or row["_loaded_at"][:10] > str(known_until):
            continue
        before = newest.get(row["opportunity_id"])
        if not before or (before["updated_at"], before["_loaded_at"]) <= (
            row["updated_at"], row["_loaded_at"],
        ):  # fmt: skip
            newest[row["opportunity_id"]] = row
    found = []
    for row in newest.values():
        if lead_row["lead_id"] != row["lead_id"] and lead_row["account_id"] != row["account_id"]:
            continue
        if product and row["product"] and row["product"].lower() != product:
            continue
        state, since = "open", row["created_at"][:10]
        closed = (row["closed_at"] or row["updated_at"])[:10]
        if row["is_won"] and closed <= str(as_of):
            state, since = {"true": "won", "false": "lost"}[row["is_won"]], closed
        found.append((since, row["created_at"], row["opportunity_id"], state))
    if not found:
        return None
    since, *_, state = max(found)
    return state, date.fromisoformat(since)


def read_suppressions(warehouse: Path, day: str) -> set[tuple]:
    return {*query(
        warehouse,
        "select model_id, lead_id, deal_state, deal_state_on, suppressed_until"
        f" from intermediate.int_lead_suppressions where as_of_date = date '{day}'",
    )}  # fmt: skip


@pytest.fixture(scope="module")
def random_tables() -> dict[str, list]:
    return write_world(draw(worlds, 150))


@pytest.mark.parametrize("known", ["now", "then"])
def test_the_latest_deal_decides_as_the_contract_says(random_tables, known, tmp_path):
    """Also as known then: what loads later says nothing of a day."""
    days = ["2026-06-05", "2026-06-15", "2026-06-30"]
    rules = write_book(tmp_path / "rules", RANDOM_SUPPRESSIONS, models=RANDOM_MODELS)
    raw = write_raw(tmp_path / "raw", random_tables)
    warehouse = score_raw(
        raw, tmp_path, rules=rules, as_of=",".join(days), known=known, models=SUPPRESSED
    )
    states = set()
    for day in days:
        as_of = date.fromisoformat(day)
        known_until = as_of if known == "then" else LAST_DAY + timedelta(60)
        expected = expect_suppressions(random_tables, as_of, known_until=known_until)
        assert read_suppressions(warehouse, day) == expected, day
        states |= {(model_id, state) for model_id, _, state, *_ in expected}
    assert states == {("m", "lost"), ("m", "won"), ("p", "open"), ("p", "won")}


def test_a_rule_book_without_rows_keeps_nobody_out(random_tables, tmp_path):
    rules = write_book(tmp_path / "rules", [], models=RANDOM_MODELS)
    warehouse = build_warehouse(tmp_path, random_tables, rules=rules, models=SUPPRESSED)
    assert query(warehouse, "from intermediate.int_lead_suppressions") == []
