"""Laws: what holds for any raw data, tried on random populations with the shipped rule book.

A run of the whole project costs seconds, whatever it reads. So random worlds are put side by side
into one, each with people, browsers and campaigns of its own, and a law is tried on all of them
in one run.
"""

from __future__ import annotations

import csv
import itertools
import random
import re
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from dbt_runs import (
    AS_OF,
    SHIPPED_RULES,
    activity,
    build_warehouse,
    choose_models,
    lead,
    query,
    run_dbt,
)
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

FIRST_DAY, LAST_DAY = date(2026, 1, 1), date(2026, 6, 30)
SCORED_MARTS = (
    "lead_score_ledger", "lead_scores", "scored_leads", "lead_score_parts", "lead_activities",
    "account_scores", "lead_unknowns", "unknown_fields",
)  # fmt: skip
MARTS = (*SCORED_MARTS, "quarantine", "sales_forecast")
# Where the score stands in a row of lead_scores.
SCORE = 15

days = st.dates(FIRST_DAY, LAST_DAY).map(str)
lead_ids = st.sampled_from([f"L{n}" for n in range(12)])
emails = st.sampled_from(
    [None, *(f"{name}@acme.example" for name in "abcdef"), "x@gmail.com", " A@ACME.example", "bad@"]
)
paths = st.sampled_from(["/", "/pricing", "/demo?x=1", "/careers", "/blog/a", "/docs/b", None])

leads = st.builds(
    lambda lead_id, updated, loaded, **columns: lead(
        lead_id,
        updated_at=f"{updated} 00:00:00",
        _loaded_at=f"{max(updated, loaded)} 00:00:00",
        **columns,
    ),
    lead_ids,
    days,
    days,
    email=emails,
    first_name=st.sampled_from([None, "Ann", "Bbb", "Xzrt", "J4ne", "Łukasz"]),
    phone=st.sampled_from([None, "+1 415 555 0123", "0000000", "12"]),
    job_title=st.sampled_from([None, "VP Sales", "Student", "Head of Data", "Gärtner"]),
    company_domain=st.sampled_from([None, "acme.example", "www.other.example"]),
    industry=st.sampled_from([None, "Software", "Education", " retail "]),
    employee_count=st.one_of(st.none(), st.integers(0, 20_000), st.just("many")),
    do_not_contact=st.sampled_from([None, "true", "false"]),
    is_deleted=st.sampled_from([None, "false", "false", "true"]),
    account_id=st.sampled_from([None, "A1", "A2"]),
)
activity_types = st.sampled_from(
    ["call", "meeting", "webinar_registered", "webinar_attended", "trade_show_visit", "unheard_of"]
)
activities = st.builds(
    lambda number, day, lead_id, kind: activity(f"c{number}", day, lead_id, kind),
    st.integers(0, 400), days, lead_ids, activity_types,
)  # fmt: skip
web_events = st.builds(
    lambda number, day, late, **columns: {
        "event_id": f"w{number}",
        "occurred_at": f"{day} 10:00:00",
        "_loaded_at": f"{date.fromisoformat(day) + timedelta(days=late)} 11:00:00",
        **columns,
    },
    st.integers(0, 400),
    days,
    st.integers(0, 30),
    visitor_id=st.sampled_from(["v1", "v2", "v3", None]),
    email=emails,
    event_type=st.sampled_from(["page_view", "demo_request", "download", "signup", "ad_click"]),
    url=paths.map(lambda path: path and f"https://www.tidewater.example{path}"),
    user_agent=st.sampled_from([None, "Mozilla/5.0 (X11) Firefox/140.0", "Googlebot/2.1"]),
)
email_events = st.builds(
    lambda number, day, second, **columns: {
        "event_id": f"e{number}",
        "occurred_at": f"{day} 09:00:0{second}",
        "_loaded_at": f"{day} 10:00:00",
        **columns,
    },
    st.integers(0, 400),
    days,
    st.integers(0, 9),
    email=emails,
    event_type=st.sampled_from(["delivered", "open", "click", "reply", "unsubscribe", "bounce"]),
    campaign_id=st.sampled_from(["m1", "m2", "unknown", None]),
    url=st.sampled_from([None, "https://www.tidewater.example/a", "/b"]),
    user_agent=st.sampled_from([None, "Mozilla/5.0", "Thunderbird"]),
)
campaigns = [
    {"campaign_id": "m1", "campaign_name": "One", "topic": "product", "_loaded_at": "2026-01-01"},
    {"campaign_id": "m2", "campaign_name": "Two", "topic": "company", "_loaded_at": "2026-01-01"},
]
worlds = st.fixed_dictionaries(
    {
        "crm.leads": st.lists(leads, min_size=15, max_size=40),
        "crm.activities": st.lists(activities, min_size=20, max_size=80),
        "web.events": st.lists(web_events, min_size=20, max_size=80),
        "email.events": st.lists(email_events, min_size=20, max_size=80),
        "email.campaigns": st.just(campaigns),
    }
)


def draw(strategy, number: int) -> list:
    """So many examples of a strategy, the same ones every time."""
    found = []

    # The first example that Hypothesis tries is the smallest one there is.
    @settings(
        max_examples=number + 1,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        phases=[Phase.generate],
    )
    @given(example=strategy)
    def keep(example):
        found.append(example)

    keep()
    assert len(found) > number, "too few examples"
    return found[1 : number + 1]


def put_side_by_side(worlds):
    """One world of several, in which each keeps its own people, browsers, events and campaigns."""
    together = defaultdict(list)
    for number, world in enumerate(worlds):
        for table, rows in world.items():
            together[table] += [_name_apart(row, f"w{number}-") for row in rows]
    return dict(together)


def _name_apart(row, prefix: str):
    named = {
        column: f"{prefix}{value}" if column.endswith("_id") and value is not None else value
        for column, value in row.items()
    }
    if named.get("email"):
        named["email"] = re.sub(r"^(\s*)", rf"\g<1>{prefix}", named["email"])
    return named


def is_of_person(row, name: str) -> bool:
    """Whether a raw row has the address of a person, in whichever world."""
    return (row["email"] or "").split("-")[-1] == name


def score(folder: Path, world, **settings_of_run) -> dict[str, list[tuple]]:
    """Score a world in a folder of its own; returns the rows of its marts."""
    return read_marts(build_warehouse(folder, world, models=MARTS, **settings_of_run))


def read_marts(warehouse: Path, marts=MARTS) -> dict[str, list[tuple]]:
    """The rows of marts, in order."""
    return {mart: query(warehouse, f"from {mart} order by all") for mart in marts}


@pytest.fixture(scope="module")
def world():
    """Random worlds side by side."""
    return put_side_by_side(draw(worlds, 8))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("laws")


@pytest.fixture(scope="module")
def marts(world, folder):
    """What the worlds are scored as."""
    return score(folder, world)


def test_the_ledger_sums_to_the_score_and_every_dimension_keeps_its_range(marts):
    explained = defaultdict(Decimal)
    for as_of, model, lead_id, *_, points in marts["lead_score_ledger"]:
        explained[as_of, model, lead_id] += points
    scores = {row[:3]: row[SCORE] for row in marts["lead_scores"]}
    assert scores and scores == {key: explained[key] for key in scores}
    assert all(0 <= points <= 100 for points in scores.values())
    assert set(explained) <= set(scores)


def test_order_and_repeats_of_raw_rows_do_not_matter(world, marts, tmp_path):
    chance = random.Random(1)
    shaken = {}
    for table, rows in world.items():
        again = [*rows, *chance.choices(rows, k=len(rows) // 2)]
        shaken[table] = chance.sample(again, len(again))
    shaken_marts = score(tmp_path, shaken)
    # A broken row that is delivered twice stands in quarantine twice: it was read twice.
    for mart in SCORED_MARTS:
        assert shaken_marts[mart] == marts[mart], mart
    assert set(shaken_marts["quarantine"]) == set(marts["quarantine"])


def test_nothing_that_happens_after_the_day_moves_its_scores(world, marts, tmp_path):
    # Ids of the later worlds are their own: a repeat of an old event would be no later event.
    later = []
    for other, days_later in draw(st.tuples(worlds, st.integers(1, 60)), 8):
        later.append(
            {
                table: [_shift(row, days_later + 181) for row in rows]
                for table, rows in other.items()
            }
        )
    moved = put_side_by_side(later)
    moved.pop("email.campaigns")
    both = {table: [*rows, *moved.get(table, [])] for table, rows in world.items()}
    marts_with_later = score(tmp_path, both)
    for mart in SCORED_MARTS:
        assert marts_with_later[mart] == marts[mart], mart


def test_what_one_person_does_never_moves_another(world, marts, tmp_path):
    """One person of each world does more."""
    extra = st.lists(st.one_of(web_events, email_events), min_size=10, max_size=40)
    more = []
    for number, events in enumerate(draw(extra, 8)):
        more.append({"web.events": [], "email.events": []})
        for position, event in enumerate(events):
            table = "web.events" if "visitor_id" in event else "email.events"
            # A browser of its own: whoever shares one with another is taken for the latest of them.
            own = {"event_id": f"extra-{position}", "email": "f@acme.example"}
            browser = {"visitor_id": "own"} if table == "web.events" else {}
            more[number][table].append({**event, **own, **browser})
    does_more = put_side_by_side(more)
    after = score(
        tmp_path, {table: [*rows, *does_more.get(table, [])] for table, rows in world.items()}
    )
    persons_leads = {
        row["lead_id"] for row in world["crm.leads"] if is_of_person(row, "f@acme.example")
    }
    for mart in ("lead_score_ledger", "lead_scores"):
        others = [[row for row in rows[mart] if row[2] not in persons_leads]
                  for rows in (marts, after)]  # fmt: skip
        assert others[0] and others[0] == others[1], mart
    assert after["lead_scores"] != marts["lead_scores"], "nobody did more"


def test_scoring_again_changes_nothing(marts, folder):
    warehouse = folder / "leads.duckdb"
    outcome = run_dbt("run", *choose_models(MARTS), raw=folder / "raw", warehouse=warehouse)
    assert outcome.success, outcome.errors
    assert read_marts(warehouse) == marts


def test_behavioural_points_are_what_the_contract_says(tmp_path):
    """Every rule on CRM activities, against the contract's formula in plain Python: each random
    history on the random day of each."""
    drawn = draw(
        st.tuples(
            st.lists(st.tuples(lead_ids, activity_types, days), min_size=50, max_size=200),
            st.dates(date(2026, 3, 1), LAST_DAY),
        ),
        5,
    )
    as_of_dates = {as_of for _, as_of in drawn}
    histories = [
        [(f"w{number}-{lead_id}", kind, day) for lead_id, kind, day in events]
        for number, (events, _) in enumerate(drawn)
    ]
    events = list(itertools.chain(*histories))
    all_leads = [f"w{number}-L{n}" for number in range(len(drawn)) for n in range(12)]
    world = {
        "crm.leads": [lead(lead_id) for lead_id in all_leads],
        "crm.activities": [
            *(
                activity(f"c{number}", day, lead_id, kind)
                for number, (lead_id, kind, day) in enumerate(events)
            ),
            # Somebody else's, so that the feed is not found stale.
            *(activity(f"beat-{day}", str(day), "somebody", "call") for day in as_of_dates),
        ],
    }
    ledger = score(tmp_path, world, as_of=",".join(map(str, sorted(as_of_dates))))
    found = [
        (as_of, lead_id, rule_id, raw_points, points)
        for as_of, _, lead_id, rule_id, dimension, *_, raw_points, points in ledger[
            "lead_score_ledger"
        ]
        if dimension == "behavioral" and rule_id != "cap:behavioral"
    ]
    expected = [
        (as_of, *row) for as_of in as_of_dates for row in _expected_points(events, all_leads, as_of)
    ]
    assert sorted(found) == sorted(expected)


def _shift(row, by_days: int):
    moved = dict(row)
    for column in ("created_at", "updated_at", "occurred_at", "_loaded_at"):
        if column in moved:
            moved[column] = str(datetime.fromisoformat(moved[column]) + timedelta(days=by_days))
    for key in ("event_id", "activity_id"):
        if key in moved:
            moved[key] = f"later-{moved[key]}"
    return moved


def _read_rules(name: str) -> list[dict[str, str]]:
    with (SHIPPED_RULES / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _expected_points(events, all_leads, as_of: date):
    """(lead_id, rule_id, raw points, points) by the contract, one rule and lead at a time."""
    kinds_of = defaultdict(set)
    for row in _read_rules("activities"):
        if row["channel"] == "crm" and not row["attribute"]:
            kinds_of[row["activity"]].add(row["event_type"])
    counts = Counter((lead_id, kind, date.fromisoformat(day)) for lead_id, kind, day in events)
    acts = defaultdict(list)
    for (lead_id, kind, day), number in counts.items():
        acts[lead_id].append((kind, day, number))
    for rule, lead_id in itertools.product(_read_rules("rules_behavioral"), all_leads):
        valid = rule["valid_from"] <= str(as_of) < (rule["valid_to"] or "9999")
        per_day = Counter()
        for kind, day, number in acts[lead_id]:
            if kind in kinds_of[rule["activity"]] and day <= as_of:
                per_day[day] += number
        raw = decayed = 0.0
        for day, number in per_day.items():
            age = (as_of - day).days
            if age > float(rule["max_age_days"] or "inf"):
                continue
            worth = float(rule["points"]) * min(number, float(rule["max_per_day"] or "inf"))
            raw += worth
            decayed += worth * _weight(rule, age)
        most = float(rule["max_points"] or "inf")
        decayed = max(-most, min(most, decayed))
        if valid and (raw or decayed):
            yield lead_id, rule["rule_id"], _round(raw), _round(decayed)


def _weight(rule, age: int) -> float:
    half_life, floor = float(rule["half_life_days"] or 1), float(rule["floor_weight"] or 0)
    shape = {
        "exponential": 0.5 ** (age / half_life),
        "linear": max(0.0, 1 - age / (2 * half_life)),
        "step": 0.5 ** (age // half_life),
        "none": 1.0,
    }[rule["decay"]]
    return floor + (1 - floor) * shape


def _round(points: float) -> Decimal:
    return Decimal(f"{points:.10f}").quantize(Decimal("0.0001"), ROUND_HALF_UP)


assert str(LAST_DAY) == AS_OF, "the laws' random days end on the day that is scored"
