"""Sequences in order, with steps that must not happen: leads worked out by hand, and random rule
books against a search that tries every choice of days."""

from __future__ import annotations

import csv
import itertools
import random
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from dbt_runs import (
    SCORES,
    SHIPPED_RULES,
    TIERED,
    activity,
    build_warehouse,
    choose_models,
    copy_shipped_rules,
    judge_rules,
    lead,
    query,
    run_dbt,
    score_raw,
    write_raw,
)
from hypothesis import strategies as st
from test_incremental_laws import deal_rows, run_on, score_from_scratch, shift
from test_laws import draw
from test_unknowns import write_rules

from orchestration.lib.basics.warehouse import open_warehouse
from orchestration.lib.decided.tiers import write_tiers

DATED = {"reason": "r", "owner": "o", "valid_from": "2025-01-01"}
KINDS = ["look", "ask", "call", "meet", "read"]
LAST_DAY = date(2026, 6, 30)
DAYS_AHEAD = 40


def write_book(folder: Path, sequences: Sequence[Mapping[str, object]]) -> Path:
    """A rule book of these rows of rules_sequence.csv alone, whose one tier hands over."""
    return write_rules(
        folder, {}, limits={}, tiers={}, key_fields=["email"], scores=(-100_000, 100_000),
        further={
            "tiers": [{"tier": "call", "enter_at": -100_000, "leave_below": -100_000,
                       "min_days_in_tier": 1, "action": "call", "hands_over": "true"}],
            "dimensions": [{"dimension": dimension, "axis": axis} for dimension, axis in
                           [("demographic", "fit"), ("behavioral", "engagement")]],
            "activities": [{"activity": kind, "channel": "crm", "event_type": kind}
                           for kind in KINDS],
            "rules_sequence": [{**DATED, **row} for row in sequences],
        },
    )  # fmt: skip


def write_events(done: Mapping[str, Sequence[tuple[str, str]]], *, alive: Sequence[str] = ()):
    """Raw tables of what leads did, (day, kind), and of a stranger's days, on which the feed is
    alive."""
    return {
        "crm.leads": [lead(lead_id) for lead_id in done],
        "crm.activities": [
            *(activity(f"{lead_id}-{number}", day, lead_id, kind)
              for lead_id, events in done.items() for number, (day, kind) in enumerate(events)),
            *(activity(f"beat-{day}", day, "stranger", "beat") for day in alive),
        ],
    }  # fmt: skip


def read_points(warehouse: Path, rule_id: str, day: str) -> dict[str, float]:
    """lead_id -> points of a rule on a day."""
    return {
        lead_id: float(points)
        for lead_id, points in query(
            warehouse,
            f"select lead_id, points from lead_score_ledger where rule_id = '{rule_id}'"
            f" and as_of_date = date '{day}'",
        )
    }


# Twenty points, one less for each day.
FADING = {"within_days": 7, "points": 20, "decay": "linear", "half_life_days": 10}
GOLDEN_RULES = [
    {"rule_id": "asked", "activities": "look|ask", "in_order": "true", **FADING},
    {"rule_id": "either", "activities": "look|ask", "in_order": "false", **FADING},
    {"rule_id": "unprompted", "activities": "look|!call|ask", "in_order": "true", **FADING},
    {"rule_id": "silent", "activities": "ask|!call", "in_order": "true", **FADING},
    {"rule_id": "long_silent", "activities": "ask|!call", "in_order": "true", "within_days": 7,
     "points": 5, "decay": "none"},
]  # fmt: skip
GOLDEN_LEADS = {
    "kept": [("2026-06-10", "look"), ("2026-06-16", "ask")],
    "broken": [("2026-06-10", "ask"), ("2026-06-16", "look")],
    "too_late": [("2026-06-09", "look"), ("2026-06-16", "ask")],
    "same_day": [("2026-06-20", "ask"), ("2026-06-20", "look")],
    "begun_anew": [("2026-06-14", "look"), ("2026-06-16", "ask"), ("2026-06-24", "look")],
    "called_between": [("2026-06-20", "look"), ("2026-06-22", "call"), ("2026-06-24", "ask")],
    "called_after": [("2026-06-20", "look"), ("2026-06-24", "ask"), ("2026-06-25", "call")],
    "called_that_day": [("2026-06-20", "look"), ("2026-06-24", "ask"), ("2026-06-24", "call")],
    # The look before the call is no use, the one after it is.
    "looked_again": [("2026-06-20", "look"), ("2026-06-21", "call"), ("2026-06-22", "look"),
                     ("2026-06-24", "ask")],
    "waiting": [("2026-06-22", "ask")],
    "called_on_the_last_day": [("2026-06-22", "ask"), ("2026-06-28", "call")],
    "called_the_day_after": [("2026-06-22", "ask"), ("2026-06-29", "call")],
    "asked_twice": [("2026-06-10", "ask"), ("2026-06-22", "ask")],
    "asked_twice_called_once": [("2026-06-10", "ask"), ("2026-06-22", "ask"),
                                ("2026-06-25", "call")],
}  # fmt: skip


@pytest.fixture(scope="module")
def golden(tmp_path_factory) -> Path:
    """The golden leads on four days."""
    folder = tmp_path_factory.mktemp("sequences")
    return build_warehouse(
        folder,
        write_events(GOLDEN_LEADS, alive=["2026-06-27", "2026-06-30"]),
        rules=write_book(folder / "rules", GOLDEN_RULES),
        as_of="2026-06-27..2026-06-30",
        models=SCORES,
    )


def test_the_order_of_the_steps_is_that_of_their_days(golden):
    # Days since the last step: 14 from the 16th, 10 from the 20th, 6 from the 24th.
    found = read_points(golden, "asked", "2026-06-30")
    assert found == {
        "kept": 6, "same_day": 10, "begun_anew": 6, "called_between": 14, "called_after": 14,
        "called_that_day": 14, "looked_again": 14,
    }  # fmt: skip
    in_any_order = read_points(golden, "either", "2026-06-30")
    assert in_any_order == {**found, "broken": 6}


def test_what_must_not_happen_between_must_not_on_either_day(golden):
    assert read_points(golden, "unprompted", "2026-06-30") == {
        "kept": 6, "same_day": 10, "begun_anew": 6, "called_after": 14, "looked_again": 14,
    }  # fmt: skip


def test_silence_counts_once_its_window_has_closed(golden):
    """Seven days with the first one: asked on the 22nd, the window closes on the 28th."""
    asked_on = {
        "waiting": ["22"], "called_on_the_last_day": [], "called_the_day_after": ["22"],
        "asked_twice": ["10", "22"], "asked_twice_called_once": ["10"],
        # Whoever asked on the 24th was silent until the 30th.
        "broken": ["10"], "kept": ["16"], "too_late": ["16"], "begun_anew": ["16"],
        "same_day": ["20"], "called_between": ["24"], "looked_again": ["24"],
    }  # fmt: skip
    for day in (27, 28, 29, 30):
        expected = {
            lead_id: 20 - (day - max(int(asked) + 6 for asked in days if int(asked) + 6 <= day))
            for lead_id, days in asked_on.items()
            if any(int(asked) + 6 <= day for asked in days)
        }
        assert read_points(golden, "silent", f"2026-06-{day}") == expected, day
    # By hand, to be sure of the above: 9 points are left 11 days after the 16th.
    assert read_points(golden, "silent", "2026-06-27")["asked_twice"] == 9
    assert read_points(golden, "silent", "2026-06-28")["asked_twice"] == 20
    assert read_points(golden, "silent", "2026-06-30")["waiting"] == 18
    assert "waiting" not in read_points(golden, "silent", "2026-06-27")


def test_the_evidence_says_the_steps_in_their_order(golden):
    evidence = query(
        golden,
        "select rule_id, evidence, occurred_on from lead_score_ledger"
        " where lead_id in ('looked_again', 'waiting') and as_of_date = date '2026-06-30'"
        " order by lead_id, rule_id",
    )
    assert evidence == [
        ("asked", "look, then ask within 7 days, complete on 2026-06-24", date(2026, 6, 24)),
        ("either", "look + ask within 7 days, last on 2026-06-24", date(2026, 6, 24)),
        ("long_silent", "ask, then no call within 7 days, complete on 2026-06-30", LAST_DAY),
        ("silent", "ask, then no call within 7 days, complete on 2026-06-30", LAST_DAY),
        ("unprompted", "look, then no call, then ask within 7 days, complete on 2026-06-24",
         date(2026, 6, 24)),
        ("long_silent", "ask, then no call within 7 days, complete on 2026-06-28",
         date(2026, 6, 28)),
        ("silent", "ask, then no call within 7 days, complete on 2026-06-28", date(2026, 6, 28)),
    ]  # fmt: skip


def test_a_feed_that_no_longer_loads_closes_no_window(tmp_path):
    """That nobody called is not known of days of which nothing has been heard."""
    rules = write_book(tmp_path / "rules", GOLDEN_RULES)
    done = {"waiting": [("2026-06-22", "ask")]}
    later = "2026-08-15"
    stale = build_warehouse(
        tmp_path / "stale", write_events(done), rules=rules, as_of=later, models=SCORES
    )
    assert read_points(stale, "long_silent", later) == {}
    alive = build_warehouse(
        tmp_path / "alive",
        write_events(done, alive=["2026-08-10"]),
        rules=rules,
        as_of=later,
        models=SCORES,
    )
    assert read_points(alive, "long_silent", later) == {"waiting": 5}


# activities, in_order, sentence
BAD_ROWS = [
    ("demo_request|!meeting", "",
     "'demo_request|!meeting' asks with '!meeting' for what must not happen, which only an ordered"
     " sequence can: write true in the column in_order, or take it out."),
    ("!meeting|demo_request", "true",
     "'!meeting|demo_request' begins with what must not happen: write before it the activity after"
     " which it must not."),
    ("demo_request|meeting|demo_request", "true",
     "'demo_request|meeting|demo_request' names 'demo_request' twice, but in an ordered sequence an"
     " activity stands once: take one of them out, or write false in the column in_order."),
    ("demo_request|meeting|!demo_request", "true",
     "'demo_request|meeting|!demo_request' names 'demo_request' twice"),
    ("demo_request|!sky_diving", "true", "'sky_diving' is not an activity of activities.csv."),
    ("demo_request|!", "true", "'!' is not an activity of activities.csv."),
]  # fmt: skip


def test_a_sequence_that_cannot_be_in_order_is_refused(tmp_path):
    rules = shutil.copytree(SHIPPED_RULES, tmp_path / "rules")
    columns = ["model_id", "rule_id", "activities", "within_days", "points", "decay",
               "half_life_days", "in_order", "valid_to", *DATED]  # fmt: skip
    cases = [*BAD_ROWS, ("meeting|call", "TRUE", "")]
    rows = [
        {"model_id": "b2b_software", "rule_id": f"s{number}", "activities": activities,
         "within_days": 7, "points": 1, "decay": "none", "in_order": in_order, **DATED}
        for number, (activities, in_order, _) in enumerate(cases)
    ]  # fmt: skip
    with (rules / "rules_sequence.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    outcome = judge_rules(rules, copy_shipped_rules(tmp_path / "leads.duckdb"), "rules_sequence")
    assert not outcome.success
    for number, (*_, sentence) in enumerate(BAD_ROWS):
        place = f"rules_sequence.csv, row {number + 2}, column activities: "
        assert place + sentence in outcome.errors
    assert (
        "rules_sequence.csv, row 8, column in_order: 'TRUE' is unknown; it must be one of true,"
        " false." in outcome.errors
    )


# --- Random rule books ------------------------------------------------------------------------


def name_steps(kinds: list[str], absent: list[bool], in_order: bool) -> str:
    """The cell `activities`: in an ordered sequence some steps but the first must not happen."""
    return "|".join(
        f"!{kind}" if in_order and number and is_absent else kind
        for number, (kind, is_absent) in enumerate(zip(kinds, absent, strict=False))
    )


sequences = st.builds(
    lambda kinds, absent, in_order, **columns: {
        "activities": name_steps(kinds, absent, in_order),
        "in_order": "true" if in_order else "false",
        **columns,
    },
    st.integers(2, 5).flatmap(lambda n: st.permutations(KINDS).map(lambda kinds: kinds[:n])),
    st.lists(st.sampled_from([True, False, False]), min_size=5, max_size=5),
    st.sampled_from([True, True, True, False]),
    within_days=st.integers(1, 20),
    points=st.integers(-20, 20).filter(bool),
    decay=st.sampled_from(["linear", "exponential", "step", "none"]),
    # Half an hour, so that what lies ahead is beyond all numbers seen from today.
    half_life_days=st.sampled_from([0.02, 3, 10, 30]),
)
histories = st.lists(
    st.tuples(st.dates(LAST_DAY - timedelta(35), LAST_DAY).map(str), st.sampled_from(KINDS)),
    min_size=3,
    max_size=16,
)


@pytest.fixture(scope="module")
def random_rules() -> list[Mapping[str, object]]:
    """Sequences of every shape; the shapes that greedy searches get wrong are always there."""
    always = [
        {"activities": activities, "in_order": "true", "within_days": within, "points": 7,
         "decay": "linear", "half_life_days": 20}
        for activities, within in [
            ("look|!call|ask|meet", 15), ("look|ask|!call", 10), ("look|!call|ask|!meet|read", 12),
            ("look|ask|meet|!call|!read", 12), ("look|!call|!meet|ask", 9), ("look|!ask", 5),
        ]
    ]  # fmt: skip
    return [
        {"rule_id": f"s{number}", **row}
        for number, row in enumerate([*always, *draw(sequences, 30)])
    ]


@pytest.fixture(scope="module")
def random_histories() -> dict[str, list[tuple[str, str]]]:
    return {f"L{number:03}": events for number, events in enumerate(draw(histories, 120))}


def find_ends(
    rule: Mapping[str, object], days_of: Mapping[str, Sequence[date]], *, until: date
) -> Iterator[date]:
    """Every day e up to `until` on which a sequence is met, by the contract's words: all choices of
    days are tried."""
    within = timedelta(int(rule["within_days"]))
    steps = str(rule["activities"]).split("|")
    wanted = [step for step in steps if not step.startswith("!")]
    for chosen in itertools.product(*(days_of[kind] for kind in wanted)):
        if max(chosen) - min(chosen) >= within:
            continue
        if rule["in_order"] != "true":
            yield max(chosen)
            continue
        if list(chosen) != sorted(chosen):
            continue
        closes = chosen[0] + within - timedelta(1) if steps[-1].startswith("!") else chosen[-1]
        ends_of_gaps = [*chosen[1:], closes]
        place, is_kept = -1, True
        for step in steps:
            if not step.startswith("!"):
                place += 1
            elif any(chosen[place] <= day <= ends_of_gaps[place] for day in days_of[step[1:]]):
                is_kept = False
        if is_kept and closes <= until:
            yield closes


def weigh(rule: Mapping[str, object], age: int) -> float:
    half_life = float(rule["half_life_days"])
    return {
        "linear": max(0.0, 1 - age / (2 * half_life)),
        "exponential": 0.5 ** (age / half_life),
        "step": 0.5 ** (age // half_life),
        "none": 1.0,
    }[rule["decay"]]


def expect_ledger(rules, done, as_of: date) -> list[tuple]:
    """(lead_id, rule_id, occurred_on, points) by the contract."""
    expected = []
    for lead_id, events in done.items():
        days_of = defaultdict(list)
        for day, kind in {*events}:
            if day <= str(as_of):
                days_of[kind].append(date.fromisoformat(day))
        for rule in rules:
            ends = list(find_ends(rule, days_of, until=as_of))
            if ends:
                points = rule["points"] * weigh(rule, (as_of - max(ends)).days)
                rounded = Decimal(f"{points:.10f}").quantize(Decimal("0.0001"), ROUND_HALF_UP)
                expected.append((lead_id, rule["rule_id"], max(ends), rounded))
    return sorted(expected)


def test_every_choice_of_days_is_tried(random_rules, random_histories, tmp_path):
    days = ["2026-06-12", "2026-06-22", "2026-06-29", "2026-06-30"]
    warehouse = build_warehouse(
        tmp_path,
        write_events(random_histories, alive=days),
        rules=write_book(tmp_path / "rules", random_rules),
        as_of=",".join(days),
        models=SCORES,
    )
    for day in days:
        found = query(
            warehouse,
            "select lead_id, rule_id, occurred_on, points from lead_score_ledger"
            f" where as_of_date = date '{day}' and rule_id like 's%' order by all",
        )
        assert found == expect_ledger(random_rules, random_histories, date.fromisoformat(day)), day
    met = {rule_id for (rule_id,) in query(warehouse, "select rule_id from lead_score_ledger")}
    assert {f"s{number}" for number in range(6)} <= met
    assert len(met) > 25


def test_grown_day_by_day_and_replayed_sequences_are_the_same(
    random_rules, random_histories, tmp_path
):
    rules = write_book(tmp_path / "rules", random_rules)
    chance = random.Random(3)
    world = write_events(random_histories, alive=["2026-06-10", "2026-06-30"])
    world["crm.activities"] = [
        {**row, "_loaded_at": shift(row["_loaded_at"], chance.choice([0, 0, 2, 15]))}
        for row in world["crm.activities"]
    ]
    seen = deal_rows(world, chance, 3)
    grown = tmp_path / "grown"
    the_same = {"rules": rules, "marts": SCORES}
    score_from_scratch(grown, seen[0], as_of="2026-06-10", **the_same)
    run_on(grown, seen[1], as_of="2026-06-20", **the_same)
    run_on(grown, seen[2], as_of="2026-06-30", **the_same)
    fresh = score_from_scratch(tmp_path / "fresh", seen[2], as_of="2026-06-30", **the_same)
    ledger = read_ledger_rows(grown / "leads.duckdb", "2026-06-30")
    assert ledger == read_ledger_rows(tmp_path / "fresh" / "leads.duckdb", "2026-06-30")
    assert len(ledger) > 100 and fresh["lead_scores"]

    day = "2026-06-20"
    known_then = {
        table: [row for row in rows if row["_loaded_at"][:10] <= day]
        for table, rows in seen[2].items()
    }
    the_same["known"] = "then"
    score_from_scratch(tmp_path / "then", known_then, as_of=day, **the_same)
    score_from_scratch(tmp_path / "replayed", seen[2], as_of=day, **the_same)
    then = read_ledger_rows(tmp_path / "then" / "leads.duckdb", day)
    assert then == read_ledger_rows(tmp_path / "replayed" / "leads.duckdb", day)
    assert len(then) > 50


def read_ledger_rows(warehouse: Path, day: str) -> list[tuple]:
    return query(
        warehouse,
        f"select * from lead_score_ledger where as_of_date = date '{day}' order by all",
    )


def test_each_day_ahead_is_the_day_that_comes(random_rules, random_histories, tmp_path):
    """The projection of the last day, against the days after it on which nothing happens: windows
    close, newer ends replace older ones."""
    rules = write_book(tmp_path / "rules", random_rules)
    last = LAST_DAY + timedelta(DAYS_AHEAD)
    alive = [str(LAST_DAY), str(LAST_DAY + timedelta(20)), str(last)]
    raw = write_raw(tmp_path / "raw", write_events(random_histories, alive=alive))
    warehouse = score_raw(raw, tmp_path, rules=rules, models=TIERED)
    with open_warehouse(warehouse) as connection:
        write_tiers(connection)
    outcome = run_dbt(
        "run", "--select", "path:models/scoring/outlook",
        raw=raw, warehouse=warehouse, rules=rules,
    )  # fmt: skip
    assert outcome.success, outcome.errors
    projected = query(
        warehouse,
        f"""
        select lead_id, day, projected_scores.score
        from scoring.projected_scores
        inner join scoring.outlook_candidates using (candidate_no)
        inner join intermediate.int_lead_numbers using (lead_no)
        where day <= {DAYS_AHEAD}
        order by all
        """,
    )
    ahead = query(warehouse, "select count(distinct (lead_no, rule_no)) from scoring.sequence_ends"
                  " where age < 0")  # fmt: skip
    assert ahead[0][0] > 50, "few windows close ahead"
    outcome = run_dbt(
        "run", *choose_models(["lead_scores"]),
        raw=raw, warehouse=warehouse, rules=rules, as_of=f"{LAST_DAY}..{last}",
    )  # fmt: skip
    assert outcome.success, outcome.errors
    came = query(
        warehouse,
        f"""
        select lead_id, as_of_date - date '{LAST_DAY}', score
        from lead_scores
        order by all
        """,
    )
    assert projected == came
