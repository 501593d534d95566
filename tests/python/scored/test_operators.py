"""What belongs here: what rules about facts can ask, with exact points over several days, and that
each `not_…` is the other side of its operator wherever the fact is known."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from dbt_runs import SCORES, build_warehouse, lead, query
from test_unknowns import write_rules

DAYS = ("2026-06-20", "2026-06-26", "2026-06-27", "2026-06-30")
LIMITS = dict.fromkeys(("demographic", "firmographic", "data_quality"), ("", ""))

RULES = {
    "demographic": [
        ("country", "not_equals", "IT", 1),
        ("country", "not_in", "DE|FR", 2),
        ("job_title", "not_contains", "intern", 4),
        ("job_title", "not_matches", "^head", 8),
    ],
    "firmographic": [
        ("employee_count", "at_least", "50", 1),
        ("employee_count", "at_most", "50", 2),
    ],
    "data_quality": [
        # Created on the 20th: new on the 20th to the 26th, a week old from the 27th on.
        ("created_at", "within_days", "7", 1),
        ("created_at", "older_than_days", "7", 2),
        ("budget", "within_days", "30", 4),
        ("budget", "older_than_days", "30", 8),
    ],
}


def points_by_day(warehouse: Path, lead_id: str, dimension: str) -> list[float]:
    """The points of a lead in a dimension, on each of the days."""
    return [
        float(points)
        for (points,) in query(
            warehouse,
            f"select {dimension}_points from lead_scores where lead_id = '{lead_id}'"
            " order by as_of_date",
        )
    ]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory) -> Path:
    """Leads with one answer each, on several days."""
    folder = tmp_path_factory.mktemp("operators")
    rules = write_rules(
        folder / "rules", RULES, limits=LIMITS, tiers={"call": 20, "none": -99},
        key_fields=["email"], scores=(-99, 99),
    )  # fmt: skip
    day = {"created_at": "2026-06-20 23:59:59", "_loaded_at": "2026-06-20 23:59:59"}
    day["updated_at"] = day["created_at"]
    custom = {"attribute": "budget", "updated_at": "2026-06-20", "_loaded_at": "2026-06-20"}
    return build_warehouse(
        folder,
        {
            "crm.leads": [
                lead("italian", country="it ", job_title="Head of Data", employee_count=50, **day),
                lead("german", country="DE", job_title="Intern", employee_count=51, **day),
                lead("swiss", country="CH", job_title="CEO", employee_count=49, **day),
                lead("unknown", **day),
            ],
            "crm.lead_attributes": [
                # In a custom attribute a day may be written as any time; and be ahead.
                {"lead_id": "italian", "value": "2026-05-27T23:30:00-02:00", **custom},
                {"lead_id": "german", "value": "2026-06-27", **custom},
                {"lead_id": "swiss", "value": "27/06/2026", **custom},
            ],
        },
        rules=rules,
        as_of=",".join(DAYS),
        models=SCORES,
    )


def test_what_is_known_and_other_is_not(warehouse):
    points = {
        lead_id: points_by_day(warehouse, lead_id, "demographic")[-1]
        for lead_id in ("italian", "german", "swiss", "unknown")
    }
    # The Italian is in Italy and heads; the German is in Germany and an intern.
    assert points == {"italian": 2 + 4, "german": 1 + 8, "swiss": 1 + 2 + 4 + 8, "unknown": 0}


def test_the_bound_itself_is_at_least_and_at_most_enough(warehouse):
    points = {
        lead_id: points_by_day(warehouse, lead_id, "firmographic")[-1]
        for lead_id in ("italian", "german", "swiss", "unknown")
    }
    assert points == {"italian": 3, "german": 1, "swiss": 2, "unknown": 0}


def test_days_come_near_and_grow_old(warehouse):
    # Created on the 20th: within seven days up to the 26th.
    assert points_by_day(warehouse, "unknown", "data_quality") == [1, 1, 2, 2]
    # 23:30 two hours west of UTC on May 27 is May 28: thirty days old on June 27.
    assert points_by_day(warehouse, "italian", "data_quality") == [1 + 4, 1 + 4, 2 + 8, 2 + 8]
    # A day ahead is neither near nor old.
    assert points_by_day(warehouse, "german", "data_quality") == [1, 1, 2 + 4, 2 + 4]
    # What is no day of a calendar is neither.
    assert points_by_day(warehouse, "swiss", "data_quality") == [1, 1, 2, 2]


PAIRS = (("equals", "not_equals"), ("in", "not_in"), ("contains", "not_contains"),
         ("matches", "not_matches"))  # fmt: skip
TEXTS = ["5", "5.0", "50", "vp", "VP", "head of vp", "a b", "it's", "100%", "Ärger", "x_y"]


def test_not_is_the_other_side_of_what_is_known(tmp_path):
    """Every text against every other, and against every list of two."""
    lists = ["|".join(pair) for pair in itertools.combinations(TEXTS, 2)]
    values = [None, " ", *TEXTS]
    rules, pairs = [], []
    for plain, negated in PAIRS:
        for value in lists if plain == "in" else TEXTS:
            pairs.append(len(rules))
            rules += [("region", plain, value, 1), ("region", negated, value, 1)]
    book = write_rules(
        tmp_path / "rules", {"demographic": rules}, limits=LIMITS,
        tiers={"call": 20, "none": -99}, key_fields=["email"], scores=(-99, 99),
    )  # fmt: skip
    built = build_warehouse(
        tmp_path,
        {"crm.leads": [lead(f"L{n}", region=value) for n, value in enumerate(values)]},
        rules=book,
        models=SCORES,
    )
    met = set(
        query(
            built, "select lead_id, rule_id from lead_score_ledger where dimension = 'demographic'"
        )
    )
    for number, value in enumerate(values):
        is_known = bool((value or "").strip())
        for first in pairs:
            sides = [(f"L{number}", f"demographic_{first + side}") in met for side in (0, 1)]
            assert sum(sides) == is_known, (value, rules[first])
