"""One kernel of points: today's points, the projection of the days ahead and the range of what is
unknown follow the same shapes of decay, limits and operators. Every case is looked at in all three,
against the shape as it is defined, so that whoever breaks one sees it in all of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from math import floor
from pathlib import Path

import pytest
from dbt_runs import AS_OF, TIERED, activity, build_warehouse, lead, query, read_ledger, run_dbt
from test_unknowns import RANGE, read_unknowns, write_rules

from orchestration.lib.basics.warehouse import open_warehouse
from orchestration.lib.decided.tiers import write_tiers

DAYS_AHEAD = 60
# All that a lead did, it did so many days ago.
AGE = 5
LEAVE_BELOW = 20

# Case -> the points of its one rule of activities at an age in days: 40, before limits.
SHAPES: dict[str, Callable[[int], float]] = {
    "exponential": lambda age: 40 * 0.5 ** (age / 10),
    "linear": lambda age: 40 * max(0, 1 - age / 40),
    "step": lambda age: 40 * 0.5 ** (age // 4),
    "none": lambda age: 40,
    "floor": lambda age: 40 * (0.25 + 0.75 * 0.5 ** (age / 5)),
    # Two activities of 40 points make 80, held at 25 until they have faded that far.
    "limit_of_a_rule": lambda age: min(25, 80 * 0.5 ** (age / 10)),
    "sequence": lambda age: 40 * max(0, 1 - age / 30),
    "operators": lambda age: 40,
}
RULES = {
    "exponential": {"decay": "exponential", "half_life_days": 10},
    "linear": {"decay": "linear", "half_life_days": 20},
    "step": {"decay": "step", "half_life_days": 4},
    "none": {"decay": "none"},
    "floor": {"decay": "exponential", "half_life_days": 5, "floor_weight": 0.25},
    "limit_of_a_rule": {"decay": "exponential", "half_life_days": 10, "max_points": 25},
}
MOST_BEHAVIOR, MOST_DEMOGRAPHIC = 38, 5
ATTRIBUTE_RULES = {
    "demographic": [("industry", "equals", "Software", 8)],
    "firmographic": [
        ("employee_count", "between", "50..250", 12),
        ("employee_count", "between", "250..", 6),
    ],
    "readiness": [
        ("days_since_last_activity", "between", "..20", 10),
        ("active_days_30", "between", "1..", 3),
    ],
}


def rounded(points: float) -> float:
    """Points to four decimals, halves away from zero."""
    return floor(points * 10_000 + 0.5) / 10_000


def recency_points(age: int) -> int:
    """What the rules on recency give to a lead whose last activity is so old."""
    return 10 * (age < 20) + 3 * (age < 30)


def known_points(case: str) -> int:
    """What is known of the lead `operators`: 250 employees, which only the second rule counts, and
    an industry that gives more than its dimension holds."""
    return 6 + MOST_DEMOGRAPHIC if case == "operators" else 0


def expected_score(case: str, day: int) -> float:
    """The score of a case so many days ahead."""
    behavior = min(rounded(SHAPES[case](AGE + day)), MOST_BEHAVIOR)
    return round(behavior + recency_points(AGE + day) + known_points(case), 4)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory) -> Path:
    """A lead per case, tiered, and the outlook."""
    folder = tmp_path_factory.mktemp("kernel")
    dated = {"reason": "r", "owner": "o", "valid_from": "2025-01-01"}
    rules = write_rules(
        folder / "rules", ATTRIBUTE_RULES, limits={}, tiers={}, key_fields=["email"],
        scores=(0, 1000),
        further={
            "tiers": [
                {"tier": "call", "enter_at": LEAVE_BELOW, "leave_below": LEAVE_BELOW,
                 "min_days_in_tier": 1, "action": "call", "sla_hours": 24, "hands_over": "true"},
                {"tier": "wait", "enter_at": 0},
            ],
            "dimensions": [
                {"dimension": dimension, "axis": axis, "min_points": 0, "max_points": most}
                for dimension, axis, most in [
                    ("demographic", "fit", MOST_DEMOGRAPHIC),
                    ("firmographic", "fit", 100),
                    ("readiness", "fit", 100),
                    ("behavioral", "engagement", MOST_BEHAVIOR),
                ]
            ],
            "activities": [
                {"activity": name, "channel": "crm", "event_type": name}
                for name in [*RULES, "first", "second"]
            ],
            "rules_behavioral": [
                {"rule_id": name, "activity": name, "points": 40, **dated, **rule}
                for name, rule in RULES.items()
            ],
            "rules_sequence": [
                {"rule_id": "sequence", "activities": "first|second", "within_days": 14,
                 "points": 40, "decay": "linear", "half_life_days": 15, **dated}
            ],
        },
    )  # fmt: skip
    then = f"{date.fromisoformat(AS_OF) - timedelta(AGE)}"
    before = f"{date.fromisoformat(AS_OF) - timedelta(AGE + 3)}"
    done = {
        "limit_of_a_rule": [(then, "limit_of_a_rule")] * 2,
        "sequence": [(before, "first"), (then, "second")],
        "operators": [(then, "none")],
        # The feed is alive.
        "stranger": [(AS_OF, "meeting")],
    }
    tables = {
        "crm.leads": [
            lead(case, **({"employee_count": 250, "industry": "Software"}
                          if case == "operators" else {}))
            for case in SHAPES
        ],
        "crm.activities": [
            activity(f"{lead_id}_{number}", day, lead_id, name)
            for lead_id in [*SHAPES, "stranger"]
            for number, (day, name) in enumerate(done.get(lead_id, [(then, lead_id)]))
        ],
    }  # fmt: skip
    path = build_warehouse(folder, tables, rules=rules, models=[*TIERED, "lead_unknowns"])
    with open_warehouse(path) as connection:
        write_tiers(connection)
    outcome = run_dbt(
        "run", "--select", "path:models/scoring/outlook", "lead_outlook",
        raw=folder / "raw", warehouse=path, rules=rules,
    )  # fmt: skip
    assert outcome.success, outcome.errors
    return path


@pytest.mark.parametrize("case", SHAPES)
def test_today(warehouse, case):
    score = f"select score::double from lead_scores where lead_id = '{case}' and model_id = 'm'"
    assert query(warehouse, score) == [(expected_score(case, 0),)]
    rule_id = "none" if case == "operators" else case
    ledger = read_ledger(warehouse, case, model_id="m")
    assert ledger[rule_id] == rounded(SHAPES[case](AGE))


@pytest.mark.parametrize("case", SHAPES)
def test_the_days_ahead(warehouse, case):
    projected = query(
        warehouse,
        f"""
        select day, projected_scores.score::double
        from scoring.projected_scores
        inner join scoring.outlook_candidates using (candidate_no)
        inner join intermediate.int_lead_numbers using (lead_no)
        where lead_id = '{case}'
        order by day
        """,
    )
    assert projected == [(day, expected_score(case, day)) for day in range(DAYS_AHEAD + 1)]
    drops_out = [day for day in range(1, DAYS_AHEAD + 1) if expected_score(case, day) < LEAVE_BELOW]
    foretold = query(
        warehouse,
        f"select drops_out_on - as_of_date, score_then::double from lead_outlook"
        f" where lead_id = '{case}'",
    )
    day = drops_out[0] if drops_out else None
    assert foretold == [(day, None if day is None else expected_score(case, day))]


@pytest.mark.parametrize("case", SHAPES)
def test_what_is_unknown(warehouse, case):
    lowest, highest, *_ = read_unknowns(warehouse, case, *RANGE)
    # An industry of 8 points, held at 5, and at most one of the two rules on a number of employees.
    open_points = 0 if case == "operators" else MOST_DEMOGRAPHIC + 12
    score = expected_score(case, 0)
    assert (lowest, highest) == (score, round(score + open_points, 4))


def test_the_cases_drop_out_on_different_days_or_never(warehouse):
    days = [day for (day,) in query(warehouse, "select drops_out_on from lead_outlook")]
    assert None in days
    assert len(set(days)) > 4
