"""What belongs here: conditions, what is counted of activities and deals, and the age of a lead,
with exact points over several days; and laws over random rule books, against the contract in plain
Python."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from dbt_runs import SCORES, activity, build_warehouse, lead, query
from test_unknowns import read_unknowns, write_rules

LIMITS = dict.fromkeys(("demographic", "firmographic", "readiness", "data_quality"), ("", ""))
# What is true, false or unknown gives sums that nothing else gives: 9, 26, 4.
OUTCOMES = (("equals", "true", 1), ("equals", "false", 2), ("missing", "", 4),
            ("present", "", 8), ("not_equals", "TRUE", 16))  # fmt: skip
TRUE, FALSE, UNKNOWN = 9, 26, 4
MODELS = (*SCORES, "lead_unknowns")


def write_book(
    folder: Path,
    rules: dict[str, list[tuple]],
    conditions: list[tuple],
    attributes: list[tuple] = (),
    **further: list[dict],
) -> Path:
    """A rule book of one model `m`: rules (attribute, operator, value, points) by dimension,
    conditions (condition, attribute, operator, value, then the days from and until which the row
    counts) and activity attributes (attribute, activities, measure, within_days)."""
    names = ("condition", "attribute", "operator", "value", "valid_from", "valid_to")
    key_fields = further.pop("key_fields", ["email"])
    return write_rules(
        folder, rules, limits=LIMITS, tiers={"call": 200, "none": -999}, key_fields=key_fields,
        scores=(-999, 999),
        further={
            "conditions": [dict(zip(names, row, strict=False)) for row in conditions],
            "activity_attributes": [
                dict(zip(("attribute", "activities", "measure", "within_days"), row, strict=True))
                for row in attributes
            ],
            **further,
        },
    )  # fmt: skip


def outcomes_of(attribute: str) -> list[tuple]:
    """Rules that tell by their points whether an attribute is true, false or unknown."""
    return [(attribute, *outcome) for outcome in OUTCOMES]


def read_points(warehouse: Path, dimension: str) -> dict[str, list[float]]:
    """The points of each lead in a dimension, on each of the days."""
    found: dict[str, list[float]] = {}
    for lead_id, points in query(
        warehouse,
        f"select lead_id, {dimension}_points from lead_scores order by lead_id, as_of_date",
    ):
        found.setdefault(lead_id, []).append(float(points))
    return found


@pytest.fixture(scope="module")
def known_or_not(tmp_path_factory) -> Path:
    """Leads of which a condition is true, false or unknown, on three days."""
    folder = tmp_path_factory.mktemp("conditions")
    rules = write_book(
        folder / "rules",
        {
            "demographic": outcomes_of("large_abroad"),
            "firmographic": outcomes_of("no_director"),
            "readiness": outcomes_of("from_the_29th"),
            "data_quality": outcomes_of("complete"),
        },
        [
            ("large_abroad", "employee_count", "at_least", "200"),
            ("large_abroad", "country", "not_in", "US|CA"),
            ("no_director", "director", "equals", "false"),
            ("no_director", "large_abroad", "present", ""),
            ("director", "job_level", "equals", "director"),
            # Nothing is asked on the 28th, one thing on the 29th, two on the 30th.
            ("from_the_29th", "country", "equals", "DE", "2026-06-29", ""),
            ("from_the_29th", "employee_count", "at_most", "300", "2026-06-30", ""),
            ("complete", "completeness_pct", "at_least", "50"),
        ],
        key_fields=["employee_count", "large_abroad"],
    )
    leads = [
        lead("both", employee_count=200, country="DE"),
        lead("neither", employee_count=10, country="US", job_title="Sales Director"),
        lead("small", employee_count=199, country="FR", job_title="Sales Manager"),
        lead("small_somewhere", employee_count=199, job_title="Director"),
        lead("somewhere", employee_count=5000, job_title="Head of Cats"),
        lead("nothing"),
    ]
    return build_warehouse(
        folder, {"crm.leads": leads}, rules=rules, as_of="2026-06-28..2026-06-30", models=MODELS
    )


def test_a_condition_is_true_where_all_rows_are_and_false_where_one_is_not(known_or_not):
    points = read_points(known_or_not, "demographic")
    assert {lead_id: days[-1] for lead_id, days in points.items()} == {
        "both": TRUE,
        "neither": FALSE,
        "small": FALSE,
        # The country is unknown, but the size is enough to say no.
        "small_somewhere": FALSE,
        "somewhere": UNKNOWN,
        "nothing": UNKNOWN,
    }


def test_a_condition_builds_on_others(known_or_not):
    points = read_points(known_or_not, "firmographic")
    assert {lead_id: days[-1] for lead_id, days in points.items()} == {
        # Nobody knows whether a director, but whether large and abroad.
        "both": UNKNOWN,
        "neither": FALSE,
        "small": TRUE,
        "small_somewhere": FALSE,
        # `present` is never unknown: that the other condition is unknown says no.
        "somewhere": FALSE,
        "nothing": FALSE,
    }


def test_a_row_counts_in_its_own_days(known_or_not):
    points = read_points(known_or_not, "readiness")
    assert points["both"] == [UNKNOWN, TRUE, TRUE]
    assert points["neither"] == [UNKNOWN, FALSE, FALSE]
    assert points["small"] == [UNKNOWN, FALSE, FALSE]
    assert points["somewhere"] == [UNKNOWN, UNKNOWN, FALSE]
    assert points["nothing"] == [UNKNOWN, UNKNOWN, UNKNOWN]


def test_a_condition_is_a_key_field_and_asks_for_the_share_of_them(known_or_not):
    shares = dict(
        query(
            known_or_not,
            "select lead_id, completeness_pct from lead_scores where as_of_date = '2026-06-30'",
        )
    )
    assert {lead_id: float(share) for lead_id, share in shares.items()} == {
        "both": 100, "neither": 100, "small": 100, "small_somewhere": 100, "somewhere": 50,
        "nothing": 0,
    }  # fmt: skip
    points = read_points(known_or_not, "data_quality")
    assert points["somewhere"][-1] == TRUE
    assert points["nothing"][-1] == FALSE


def test_the_evidence_says_what_a_condition_asks(known_or_not):
    evidence = dict(
        query(
            known_or_not,
            "select lead_id, evidence from lead_score_ledger"
            " where dimension = 'firmographic' and as_of_date = '2026-06-30'",
        )
    )
    assert evidence["small"] == "no director: not director and large abroad is known"
    assert evidence["neither"] == "not no director: not director and large abroad is known"
    assert evidence["both"] == "no director is unknown"


def test_a_missing_field_leaves_open_what_a_condition_may_turn_out_to_be(tmp_path):
    """Large and abroad gives 20 points, abroad and of a known size 7. A size that is known to be
    small settles the first, whatever the country, and a country at home both; an unknown size does
    not, though the second is known to be false meanwhile."""
    rules = write_book(
        tmp_path / "rules",
        {"demographic": [("large_abroad", "equals", "true", 20),
                         ("sized_abroad", "equals", "true", 7)]},
        [("large_abroad", "employee_count", "at_least", "200"),
         ("large_abroad", "country", "not_in", "US|CA"),
         ("sized_abroad", "employee_count", "present", ""),
         ("sized_abroad", "country", "not_in", "US|CA")],
    )  # fmt: skip
    warehouse = build_warehouse(
        tmp_path,
        {"crm.leads": [lead("small", employee_count=10), lead("large", employee_count=500),
                       lead("at_home", country="US"), lead("abroad", country="FR"),
                       lead("known", country="DE", employee_count=900)]},
        rules=rules,
    )  # fmt: skip
    columns = ("lowest_score", "highest_score", "unknown_fields")
    assert read_unknowns(warehouse, "small", *columns) == (0, 7, "country")
    assert read_unknowns(warehouse, "large", *columns) == (0, 27, "country")
    assert read_unknowns(warehouse, "at_home", *columns) == (0, 0, None)
    assert read_unknowns(warehouse, "abroad", *columns) == (0, 27, "employee_count")
    assert read_unknowns(warehouse, "known", *columns) == (27, 27, None)


DAYS_OF_CALLS = "2026-06-20..2026-06-30"


@pytest.fixture(scope="module")
def called(tmp_path_factory) -> Path:
    """Leads that were called, on eleven days on which windows close and silences grow."""
    folder = tmp_path_factory.mktemp("calls")
    rules = write_book(
        folder / "rules",
        {
            "demographic": [
                ("calls_10", "at_least", "2", 1), ("call_days_10", "equals", "2", 10),
                ("talks_ever", "equals", "3", 100),
            ],
            "firmographic": [
                ("since_call", "at_least", "5", 1), ("since_call", "missing", "", 10),
                ("since_first_call", "at_least", "9", 100), ("met_5", "equals", "false", 1000),
            ],
            "readiness": [("five_days_without_an_answer", "equals", "true", 1)],
            "data_quality": [("lead_age_days", "between", "0..3", 1),
                             ("lead_age_days", "at_least", "10", 10)],
        },
        [
            ("five_days_without_an_answer", "since_call", "at_least", "5"),
            ("five_days_without_an_answer", "met_3", "equals", "false"),
        ],
        [
            ("calls_10", "sales_call", "count", "10"),
            ("call_days_10", "sales_call", "active_days", "10"),
            ("talks_ever", "sales_call|sales_meeting", "count", ""),
            ("since_call", "sales_call", "days_since_last", "8"),
            ("since_first_call", "sales_call", "days_since_first", ""),
            ("met_5", "sales_meeting", "happened", "5"),
            ("met_3", "sales_meeting", "happened", "3"),
        ],
    )  # fmt: skip
    times = all_times("2026-06-18 23:00:00")
    return build_warehouse(
        folder,
        {
            "crm.leads": [lead("called", **times), lead("silent", **times)],
            "crm.activities": [
                activity("c1", "2026-06-19", "called", "call"),
                activity("c2", "2026-06-21", "called", "call"),
                activity("c3", "2026-06-21", "called", "call"),
                activity("m1", "2026-06-24", "called", "meeting"),
                # Somebody else's, so that the feed is not found stale.
                *(activity(f"b{day}", f"2026-06-{day}", "somebody", "call")
                  for day in range(18, 31)),
            ],
        },
        rules=rules,
        as_of=DAYS_OF_CALLS,
        models=MODELS,
    )  # fmt: skip


def test_counts_close_with_their_window(called):
    """Calls on the 19th and two on the 21st: within ten days all three up to the 28th, two on the
    29th and 30th; on two days from the 21st to the 28th. With the meeting of the 24th there are
    four talks; three from the 21st to the 23rd."""
    assert read_points(called, "demographic")["called"] == [
        0,  # 20th: one call
        111, 111, 111,  # 21st to 23rd: three calls on two days, three talks
        11, 11, 11, 11, 11,  # 24th to 28th: a fourth talk
        1, 1,  # 29th, 30th: the two calls of the 21st
    ]  # fmt: skip
    assert read_points(called, "demographic")["silent"] == [0] * 11


def test_silences_grow_and_end(called):
    """The last call is of the 21st: five days ago on the 26th, within eight days up to the 28th and
    unknown after; the first is of the 19th: nine days ago on the 28th. A meeting happened within
    five days from the 24th to the 28th."""
    assert read_points(called, "firmographic")["called"] == [
        1000, 1000, 1000, 1000,  # 20th to 23rd: no meeting yet
        0, 0, 1, 1, 101,  # 24th to 28th: the meeting; the 26th is five days after the call
        1110, 1110,  # 29th: the call is out of its window, and the meeting
    ]  # fmt: skip
    # Nothing ever happened: no day to count from, and that there was no meeting is known.
    assert read_points(called, "firmographic")["silent"] == [1010] * 11
    # Five days after the call and three after the meeting: the 27th and the 28th; then the call is
    # too long ago to be known of, and unknown is not met. Who was never called waits for no answer.
    assert read_points(called, "readiness")["called"] == [0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0]
    assert read_points(called, "readiness")["silent"] == [0] * 11


def test_what_is_counted_stands_still_with_a_stale_feed(tmp_path):
    """The activities stop to load on the 22nd. Weeks later the call of the 21st is a day ago still,
    and that nobody met is no news."""
    rules = write_book(
        tmp_path / "rules",
        {
            "demographic": [("since_call", "equals", "1", 1), ("calls_10", "equals", "2", 10),
                            ("met_5", "equals", "false", 100)],
            "firmographic": [("lead_age_days", "at_least", "40", 1)],
        },
        [],
        [
            ("calls_10", "sales_call", "count", "10"),
            ("since_call", "sales_call", "days_since_last", "10"),
            ("met_5", "sales_meeting", "happened", "5"),
        ],
    )  # fmt: skip
    warehouse = build_warehouse(
        tmp_path,
        {
            "crm.leads": [lead("called", **all_times("2026-06-10"))],
            "crm.activities": [
                activity("c1", "2026-06-13", "called", "call"),
                activity("c2", "2026-06-21", "called", "call"),
                activity("m1", "2026-06-17", "called", "meeting"),
                activity("beat", "2026-06-22", "somebody", "call"),
            ],
        },
        rules=rules,
        as_of="2026-06-22,2026-07-30",
        models=MODELS,
    )
    # Five days after the meeting it is out of its window; the call of the 13th is nine days ago.
    assert read_points(warehouse, "demographic")["called"] == [111, 111]
    assert read_points(warehouse, "firmographic")["called"] == [0, 1]


def test_a_lead_grows_old(called):
    """Created late on the 18th: two days old on the 20th, ten on the 28th."""
    assert read_points(called, "data_quality")["called"] == [1, 0, 0, 0, 0, 0, 0, 0, 10, 10, 10]


def all_times(moment: str) -> dict[str, str]:
    """A raw row that is created, changed and loaded at one moment."""
    return dict.fromkeys(("created_at", "updated_at", "_loaded_at"), moment)


def deal(opportunity_id: str, **columns: object) -> dict[str, object]:
    """A raw opportunity of the account A, created on June 1."""
    times = all_times("2026-06-01 00:00:00")
    return {"opportunity_id": opportunity_id, "lead_id": None, "account_id": "A", "product": None,
            "stage": None, "amount": None, "is_won": None, "closed_at": None, **times,
            **columns}  # fmt: skip


def test_deals_of_the_lead_and_its_account_are_counted_once(tmp_path):
    """On the 20th two deals are open; one is lost on the 22nd, the other won on the 25th."""
    rules = write_book(
        tmp_path / "rules",
        {
            "demographic": [("open_opportunities", "equals", "2", 1),
                            ("open_opportunities", "equals", "1", 2),
                            ("open_opportunities", "equals", "0", 4)],
            "firmographic": [("open_amount", "equals", "1500.50", 1),
                             ("open_amount", "equals", "0", 2),
                             ("open_amount", "missing", "", 4)],
            "readiness": [("furthest_stage", "equals", "negotiation", 1),
                          ("furthest_stage", "equals", "discovery", 2),
                          ("furthest_stage", "missing", "", 4),
                          ("lost_opportunities", "equals", "1", 8)],
            "data_quality": [("days_since_lost", "at_most", "2", 1),
                             ("days_since_won", "equals", "1", 2),
                             ("days_since_lost", "missing", "", 4)],
        },
        [],
    )  # fmt: skip
    lost = {"updated_at": "2026-06-22 10:00:00", "_loaded_at": "2026-06-22 10:00:00"}
    won = {"updated_at": "2026-06-25 10:00:00", "_loaded_at": "2026-06-25 10:00:00"}
    warehouse = build_warehouse(
        tmp_path,
        {
            "crm.leads": [lead("dealing", account_id="A"), lead("alone")],
            "crm.opportunities": [
                # Of the lead and of its account: once.
                deal("O1", lead_id="dealing", stage="negotiation", amount="1500.50"),
                deal("O1", lead_id="dealing", stage="negotiation", is_won="false", **lost),
                deal("O2", stage="discovery"),
                # Won, said on the 25th, but closed on the 26th: open for a day more.
                deal("O2", stage="discovery", is_won="true", closed_at="2026-06-26", **won),
                # Created later than all days.
                deal("O3", **all_times("2026-07-02")),
            ],
        },
        rules=rules,
        as_of="2026-06-20,2026-06-22,2026-06-24,2026-06-25,2026-06-26,2026-06-27",
        models=MODELS,
    )  # fmt: skip
    assert read_points(warehouse, "demographic") == {
        "dealing": [1, 2, 2, 2, 4, 4], "alone": [4] * 6
    }  # fmt: skip
    assert read_points(warehouse, "firmographic") == {
        "dealing": [1, 2, 2, 2, 2, 2], "alone": [2] * 6
    }  # fmt: skip
    assert read_points(warehouse, "readiness") == {
        "dealing": [1, 10, 10, 10, 12, 12], "alone": [4] * 6
    }  # fmt: skip
    assert read_points(warehouse, "data_quality") == {
        "dealing": [4, 1, 1, 0, 0, 2], "alone": [4] * 6
    }  # fmt: skip


AS_OF_DATES = [date(2026, 6, 10) + timedelta(days) for days in (0, 7, 20)]
TALKS = ("sales_call", "sales_meeting", "webinar_attended")
TYPES = dict(zip(TALKS, ("call", "meeting", "webinar_attended"), strict=True))
MEASURES = ("count", "active_days", "days_since_last", "days_since_first", "happened")
FACTS = {
    "country": (None, "DE", "US", " fr "),
    "employee_count": (None, "5", "50", "500"),
    "industry": (None, "Software", "Retail"),
    "budget": (None, "10", "2000"),
}
ROWS = (
    ("country", "equals", "de"), ("country", "not_in", "US|CA"), ("country", "missing", ""),
    ("country", "present", ""), ("employee_count", "at_least", "50"),
    ("employee_count", "at_most", "50"), ("employee_count", "between", "..50"),
    ("industry", "contains", "ware"), ("industry", "not_equals", "retail"),
    ("budget", "at_least", "100"), ("lead_age_days", "at_most", "12"),
)  # fmt: skip


def make_book(chance: random.Random) -> tuple[list[tuple], list[tuple]]:
    """Random conditions that build on each other, and what they count of activities."""
    attributes = [
        (f"counted_{number}", "|".join(chance.sample(TALKS, chance.randint(1, 2))), measure,
         chance.choice(["", "3", "10", "40"]))
        for number, measure in enumerate(MEASURES * 2)
    ]  # fmt: skip
    conditions: list[tuple] = []
    for number in range(14):
        for _ in range(chance.randint(1, 3)):
            kind = chance.random()
            if kind < 0.35:
                row = chance.choice(ROWS)
            elif kind < 0.7 or not conditions:
                name, _, measure, _ = chance.choice(attributes)
                row = (name, *(
                    ("equals", chance.choice(["true", "false"])) if measure == "happened"
                    else chance.choice([("at_least", "2"), ("at_most", "5"), ("missing", ""),
                                        ("equals", "0")])
                ))  # fmt: skip
            else:
                below = chance.choice(sorted({condition for condition, *_ in conditions}))
                if below == f"condition_{number:02}":
                    continue
                asked = [("equals", "true"), ("equals", "false"), ("missing", ""),
                         ("not_equals", "true")]  # fmt: skip
                row = (below, *chance.choice(asked))
            conditions.append((f"condition_{number:02}", *row))
    return conditions, attributes


def find_counted(activities: list[tuple], attribute: tuple, as_of: date) -> str:
    """What is counted of (activity, day) of a lead by the contract; '' where it is unknown."""
    _, names, measure, within = attribute
    ages = Counter()
    for name in names.split("|"):
        for happened, day in activities:
            age = (as_of - day).days
            if happened == name and 0 <= age < int(within or 10_000):
                ages[age] += 1
    if measure == "happened":
        return "true" if ages else "false"
    measured = {
        "count": sum(ages.values()), "active_days": len(ages),
        "days_since_last": min(ages, default=""), "days_since_first": max(ages, default=""),
    }  # fmt: skip
    return str(measured[measure])


def is_met(value: str, operator: str, operand: str) -> bool | None:
    """Whether a row is met by the contract; None where nobody knows."""
    value = value.strip().lower()
    if operator in ("missing", "present"):
        return (value == "") == (operator == "missing")
    if not value:
        return None
    number = float(value) if value.replace(".", "").isdigit() else None
    if operator in ("at_least", "at_most", "between"):
        if number is None:
            return False
        bound = float(operand.strip("."))
        return {"at_least": number >= bound, "at_most": number <= bound,
                "between": number < bound}[operator]  # fmt: skip
    if operator == "contains":
        return operand in value
    parts = [part.lower() for part in operand.split("|")]
    return (value in parts) == (operator in ("equals", "in"))


def evaluate(conditions: list[tuple], values: dict[str, str]) -> dict[str, str]:
    """What the conditions are, given all other values: those they build on stand before them."""
    known = dict(values)
    for name in dict.fromkeys(name for name, *_ in conditions):
        rows = [is_met(known.get(attribute, ""), operator, operand)
                for condition, attribute, operator, operand in conditions
                if condition == name]  # fmt: skip
        known[name] = "false" if False in rows else "" if None in rows else "true"
    return {name: known[name] for name, *_ in conditions}


def make_leads(chance: random.Random, number: int) -> Iterator[tuple[str, dict, list[tuple]]]:
    """Random leads: their key, what is known of them and their activities with days."""
    for position in range(number):
        facts = {name: chance.choice(values) for name, values in FACTS.items()}
        activities = [
            (chance.choice(TALKS), date(2026, 6, 1) + timedelta(chance.randrange(30)))
            for _ in range(chance.choice([0, 0, 1, 3, 8]))
        ]
        yield f"lead_{position:03}", facts, activities


def write_population(chance: random.Random, number: int) -> tuple[dict, list]:
    """Raw tables of random leads, and the leads."""
    people = list(make_leads(chance, number))
    created = {
        lead_id: date(2026, 6, 1) + timedelta(chance.randrange(12)) for lead_id, *_ in people
    }
    raw = {
        "crm.leads": [
            lead(lead_id, **{name: value for name, value in facts.items() if name != "budget"},
                 **all_times(str(created[lead_id])))
            for lead_id, facts, _ in people
        ],
        "crm.lead_attributes": [
            {"lead_id": lead_id, "attribute": "budget", "value": facts["budget"],
             "updated_at": "2026-06-01", "_loaded_at": "2026-06-01"}
            for lead_id, facts, _ in people if facts["budget"]
        ],
        "crm.activities": [
            *(activity(f"{lead_id}-{position}", str(day), lead_id, TYPES[name])
              for lead_id, _, activities in people
              for position, (name, day) in enumerate(activities)),
            # Somebody else's, so that the feed is not found stale.
            *(activity(f"beat-{day}", str(date(2026, 6, 1) + timedelta(day)), "somebody", "call")
              for day in range(75)),
        ],
    }  # fmt: skip
    return raw, [(lead_id, facts, acts, created[lead_id]) for lead_id, facts, acts in people]


def tell_by_points(conditions: list[tuple]) -> dict[str, list[tuple]]:
    """Rules that give a point where a condition is true, false or unknown."""
    names = sorted({name for name, *_ in conditions})
    return {
        "demographic": [(name, "equals", "true", 1) for name in names],
        "firmographic": [(name, "equals", "false", 1) for name in names],
        "readiness": [(name, "missing", "", 1) for name in names],
    }


def test_random_conditions_are_what_the_contract_says(tmp_path):
    """Every condition of a random rule book for every random lead on three days; and the order of
    the rows of the rule book does not matter."""
    chance = random.Random(5)
    conditions, attributes = make_book(chance)
    raw, people = write_population(chance, 150)
    rules = write_book(
        tmp_path / "rules",
        tell_by_points(conditions),
        chance.sample(conditions, len(conditions)),
        attributes,
    )
    days = ",".join(map(str, AS_OF_DATES))
    warehouse = build_warehouse(tmp_path, raw, rules=rules, as_of=days, models=MODELS)
    names = sorted({name for name, *_ in conditions})
    found = set(
        query(
            warehouse,
            "select as_of_date, lead_id, dimension, split_part(rule_id, '_', -1)::int"
            " from lead_score_ledger where rule_id not like 'not_on%'",
        )
    )
    expected = set()
    dimension_of = {"true": "demographic", "false": "firmographic", "": "readiness"}
    for as_of in AS_OF_DATES:
        for lead_id, facts, activities, created in people:
            if created > as_of:
                continue
            values = {name: value or "" for name, value in facts.items()}
            values["lead_age_days"] = str((as_of - created).days)
            values |= {row[0]: find_counted(activities, row, as_of) for row in attributes}
            for name, outcome in evaluate(conditions, values).items():
                expected.add((as_of, lead_id, dimension_of[outcome], names.index(name)))
    assert {len([row for row in expected if row[2] == kind]) > 300 for kind in
            dimension_of.values()} == {True}, "too little of one kind"  # fmt: skip
    assert found == expected


def test_not_both_is_one_or_the_other_not(tmp_path):
    """De Morgan, with unknowns: not (a and b) is (not a) or (not b), where an `or` is what is left
    when neither is not."""
    chance = random.Random(7)
    facts = chance.sample([row for row in ROWS if row[1] not in ("missing", "present")], 6)
    conditions = [(f"fact_{number}", *row) for number, row in enumerate(facts)]
    pairs = [(a, b) for a in range(6) for b in range(a)]
    for a, b in pairs:
        name = f"{a}{b}"
        conditions += [
            (f"both_{name}", f"fact_{a}", "equals", "true"),
            (f"both_{name}", f"fact_{b}", "equals", "true"),
            (f"left_{name}", f"both_{name}", "equals", "false"),
            (f"not_{name}", f"fact_{a}", "equals", "false"),
            (f"nor_{name}", f"fact_{b}", "equals", "false"),
            (f"neither_{name}", f"not_{name}", "equals", "false"),
            (f"neither_{name}", f"nor_{name}", "equals", "false"),
            (f"right_{name}", f"neither_{name}", "equals", "false"),
        ]
    sides = [f"{side}_{a}{b}" for side in ("left", "right") for a, b in pairs]
    rules = write_book(
        tmp_path / "rules",
        {
            "demographic": [(side, "equals", "true", 1) for side in sides],
            "firmographic": [(side, "equals", "false", 1) for side in sides],
        },
        conditions,
    )
    raw, _ = write_population(chance, 120)
    warehouse = build_warehouse(tmp_path, raw, rules=rules, models=MODELS)
    met: dict[str, set] = {"left": set(), "right": set()}
    for lead_id, dimension, number in query(
        warehouse,
        "select lead_id, dimension, split_part(rule_id, '_', -1)::int from lead_score_ledger"
        " where rule_id not like 'not_on%'",
    ):
        side = "left" if number < len(pairs) else "right"
        met[side].add((lead_id, dimension, number % len(pairs)))
    assert met["left"] == met["right"]
    told = Counter(dimension for _, dimension, _ in met["left"])
    assert min(told["demographic"], told["firmographic"]) > 100
    assert sum(told.values()) < 120 * len(pairs) - 100, "nothing was unknown"
