"""What belongs here: that scores on the days ahead are those that come, also with conditions,
counts that fall out of their windows, silences that grow and ages that pass a limit."""

import random
from datetime import date, timedelta
from pathlib import Path

import pytest
from dbt_runs import TIERED, choose_models, query, run_dbt, score_raw, write_raw
from test_conditions import deal, make_book, write_book, write_population

from orchestration.lib.basics.warehouse import open_warehouse
from orchestration.lib.decided.tiers import write_tiers

LAST_DAY = date(2026, 6, 30)
DAYS = 40


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory) -> Path:
    """Random leads by a random rule book: their projected scores, kept aside, and the days that
    came, in which nobody did anything."""
    folder = tmp_path_factory.mktemp("projected")
    chance = random.Random(11)
    conditions, attributes = make_book(chance)
    names = sorted({name for name, *_ in conditions})
    # A row that begins and one that ends on a day ahead.
    conditions = [(*row, "", "") for row in conditions]
    conditions += [(names[1], "country", "present", "", "2026-07-09", ""),
                   (names[3], "industry", "present", "", "", "2026-07-11")]  # fmt: skip
    outcomes = ("true", "false", "")
    rules = write_book(
        folder / "rules",
        {
            "demographic": [
                (name, "missing" if value == "" else "equals", value, chance.randint(-9, 9) or 1)
                for name in names for value in outcomes
            ],
            "readiness": [(name, "at_least", bound, chance.randint(-9, 9) or 1)
                          for name, _, measure, _ in attributes if measure != "happened"
                          for bound in ("1", "4", "12")],
            "data_quality": [("lead_age_days", "between", "25..50", 5),
                             ("days_since_lost", "at_most", "12", 3),
                             ("days_since_last_activity", "at_least", "14", -4)],
        },
        conditions,
        attributes,
        tiers=[{"tier": "call", "enter_at": -900, "hands_over": "true"},
               {"tier": "none", "enter_at": -999}],
    )  # fmt: skip
    raw, _ = write_population(chance, 120)
    raw["crm.opportunities"] = [
        deal(f"O{number}", lead_id=f"lead_{number:03}", is_won="false",
             closed_at=f"2026-06-{10 + number:02}")
        for number in range(15)
    ]  # fmt: skip
    files = write_raw(folder / "raw", raw)
    path = score_raw(files, folder, rules=rules, as_of=f"{LAST_DAY}", models=TIERED)
    with open_warehouse(path) as connection:
        write_tiers(connection)
    outcome = run_dbt(
        "run", "--select", "path:models/scoring/outlook",
        raw=files, warehouse=path, rules=rules, as_of=f"{LAST_DAY}",
    )  # fmt: skip
    assert outcome.success, outcome.errors
    with open_warehouse(path) as connection:
        connection.execute(
            "create table foretold as"
            " select lead_id, as_of_date + day as as_of_date, projected_scores.score"
            " from scoring.projected_scores"
            " inner join scoring.outlook_candidates using (candidate_no)"
            " inner join intermediate.int_lead_numbers using (lead_no)"
        )
    outcome = run_dbt(
        "run", *choose_models(["lead_scores"]),
        raw=files, warehouse=path, rules=rules,
        as_of=f"{LAST_DAY}..{LAST_DAY + timedelta(DAYS)}",
    )  # fmt: skip
    assert outcome.success, outcome.errors
    return path


def test_the_day_that_comes_is_the_one_that_was_projected(warehouse):
    compared = query(
        warehouse,
        """
        select lead_id, as_of_date, foretold.score, lead_scores.score
        from foretold
        inner join lead_scores using (lead_id, as_of_date)
        """,
    )
    assert len(compared) == 120 * (DAYS + 1)
    assert [row for row in compared if row[2] != row[3]] == []
    by_lead = {lead_id: {row[2] for row in compared if row[0] == lead_id}
               for lead_id, *_ in compared}  # fmt: skip
    assert sum(len(scores) > 3 for scores in by_lead.values()) > 60, "too little changes"
