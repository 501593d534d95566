"""What marketing and sales look at together, over histories and hand-overs that are written down:
by hand with exact numbers, at random against the same counts made in Python, and end to end."""

from __future__ import annotations

import random
import statistics
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta

import duckdb
import pytest
from dbt_runs import AS_OF, build_warehouse, lead, query, run_dbt

from orchestration.lib.basics.warehouse import open_warehouse
from orchestration.lib.decided.tiers import write_tiers

MODEL = "b2b_software"
NEWEST = date.fromisoformat(AS_OF)
STAGES = [
    "unaware", "awareness", "interest", "consideration", "purchase", "handed_over", "accepted",
    "opportunity", "customer",
]  # fmt: skip
# Tiers of the shipped rule book and their stages; the last one is in no rule book.
TIER_STAGES = {
    "unaware": "unaware", "aware": "awareness", "nurture": "interest", "sales": "consideration",
    "ready_to_buy": "purchase", "a_tier_of_old": None,
}  # fmt: skip


def verdict(lead_id, word, at, reason=None, loaded_at=None):
    return {
        "lead_id": lead_id, "verdict": word, "reason": reason, "decided_at": at,
        "_loaded_at": loaded_at or at,
    }  # fmt: skip


def opportunity(lead_id, created_at, closed_at=None, is_won=None):
    last = closed_at or created_at
    return {
        "opportunity_id": f"O-{lead_id}", "lead_id": lead_id, "is_won": is_won,
        "created_at": created_at, "updated_at": last, "closed_at": closed_at, "_loaded_at": last,
    }  # fmt: skip


def write_history(warehouse, stays, hand_overs, rules=()):
    """Put stays in tiers (lead_id, valid_from, valid_to, tier), hand-overs (lead_id, number,
    due_on, released_at) and their rules into the tables that the tiering writes."""
    with duckdb.connect(str(warehouse)) as connection:
        for table in ("lead_score_current", "lead_score_past", "scored_days"):
            connection.execute(f"delete from {table}")
        for lead_id, valid_from, valid_to, tier in stays:
            table = "lead_score_past" if valid_to else "lead_score_current"
            connection.execute(
                f"insert into {table} by name select ? as model_id, ? as lead_id,"
                " ? as valid_from, 50 as score, ? as tier, ? as tier_since"
                + (", ? as valid_to" if valid_to else ""),
                [MODEL, lead_id, valid_from, tier, valid_from, *([valid_to] if valid_to else [])],
            )
        connection.execute(
            "insert into scored_days"
            " select distinct model_id, valid_from from lead_score_history"
            " union select ?, ?",
            [MODEL, AS_OF],
        )
        for lead_id, number, due_on, released_at in hand_overs:
            connection.execute(
                "insert into hand_overs by name select ? as idempotency_key, ? as model_id,"
                " ? as lead_id, ? as hand_over_number, ? as due_on, 'sales' as tier,"
                " 24 as sla_hours, 70 as score, ? as released_at",
                [f"{lead_id}-{number}", MODEL, lead_id, number, due_on, released_at],
            )
        for lead_id, number, rule_id in rules:
            connection.execute(
                "insert into hand_over_rules values (?, ?, 5)", [f"{lead_id}-{number}", rule_id]
            )


def build_meeting(folder, known="now"):
    """Build the marts on what the tiering writes, as of the newest day."""
    outcome = run_dbt(
        "run", "--select", "source:tiering+", "int_lead_verdicts", "int_as_of_dates",
        raw=folder / "raw", warehouse=folder / "leads.duckdb", known=known,
    )  # fmt: skip
    assert outcome.success, outcome.errors


def read_funnel(warehouse):
    """stage -> (leads_now, leads_reached, moved_on, median_days_in_stage) of the model."""
    rows = query(
        warehouse,
        "select stage, leads_now, leads_reached, moved_on, median_days_in_stage::double"
        f" from lead_funnel where model_id = '{MODEL}' order by position",
    )
    return {stage: tuple(rest) for stage, *rest in rows}


def read_feedback(warehouse):
    """(kind, value) -> (hand_overs, accepted, rejected, open, hours, in time) of the model."""
    rows = query(
        warehouse,
        "select kind, value, hand_overs, accepted, rejected, open,"
        " median_response_hours::double, answered_within_sla_pct::double"
        f" from hand_over_feedback where model_id = '{MODEL}'",
    )
    return {(kind, value): tuple(rest) for kind, value, *rest in rows}


LEADS = ["buyer", "rejected", "waiting", "elsewhere", "fresh"]

TABLES = {
    "crm.leads": [lead(lead_id) for lead_id in LEADS],
    "crm.opportunities": [
        opportunity("buyer", "2026-05-25 10:00:00", "2026-06-20 10:00:00", "true"),
    ],
    "crm.lead_feedback": [
        verdict("buyer", "Accepted", "2026-05-21 09:00:00"),
        verdict("rejected", "rejected", "2026-06-03 00:00:00", " No Budget", "2026-07-02 00:00:00"),
        # Sales looked at it before it was handed over.
        verdict("waiting", "rejected", "2026-05-03 10:00:00", "not now"),
    ],
}

STAYS = [
    ("buyer", "2026-05-01", "2026-05-10", "aware"),
    ("buyer", "2026-05-10", "2026-05-20", "nurture"),
    ("buyer", "2026-05-20", None, "sales"),
    ("rejected", "2026-05-02", "2026-06-01", "nurture"),
    ("rejected", "2026-06-01", None, "sales"),
    ("waiting", "2026-05-01", None, "sales"),
    ("elsewhere", "2026-05-01", None, "a_tier_of_old"),
    ("fresh", "2026-06-30", None, "unaware"),
]

HAND_OVERS = [
    ("buyer", 1, "2026-05-20", "2026-05-20 08:00:00"),
    ("rejected", 1, "2026-06-01", None),
    ("waiting", 1, "2026-06-29", None),
]


@pytest.fixture(scope="module")
def golden(tmp_path_factory):
    """The folder of a warehouse with the journeys above, as of June 30."""
    folder = tmp_path_factory.mktemp("meeting")
    warehouse = build_warehouse(folder, TABLES)
    write_history(
        warehouse,
        STAYS,
        HAND_OVERS,
        [("buyer", 1, "sales_meeting"), ("rejected", 1, "phone_valid")],
    )
    return folder


def test_each_journey_stands_in_its_stage_and_counts_in_those_it_was_in(golden):
    build_meeting(golden)
    assert read_funnel(golden / "leads.duckdb") == {
        "no stage": (1, 1, 0, None),
        "unaware": (1, 1, 0, None),
        # The buyer was aware on the first day: nobody knows since when, nor what came after it.
        "awareness": (0, 1, 0, None),
        "interest": (0, 2, 2, 20),
        # One of the three stood here on the first day.
        "consideration": (1, 3, 2, 0),
        # Nobody was ever in it: who skips a stage has not reached it.
        "purchase": (0, 0, 0, None),
        "handed_over": (1, 3, 1, 1),
        "accepted": (0, 1, 1, 4),
        "opportunity": (0, 1, 1, 26),
        "customer": (1, 1, None, None),
    }


def test_sales_answers_count_once_and_from_the_release_on(golden):
    build_meeting(golden)
    # 25 hours after the release; exactly 24 after the midnight that ended the day; 24 without.
    assert read_feedback(golden / "leads.duckdb") == {
        ("all", "all hand-overs"): (3, 1, 1, 1, 24.5, 50),
        ("all", "without a hand-over"): (0, 0, 1, 0, None, None),
        ("tier", "sales"): (3, 1, 1, 1, 24.5, 50),
        ("rule", "sales_meeting"): (1, 1, 0, 0, 25, 0),
        ("rule", "phone_valid"): (1, 0, 1, 0, 24, 100),
        ("reason", "no budget"): (1, 0, 1, 0, 24, 100),
    }


def test_as_known_then_a_verdict_that_loaded_later_was_not_given(golden):
    build_meeting(golden, known="then")
    funnel, feedback = (read(golden / "leads.duckdb") for read in (read_funnel, read_feedback))
    assert funnel["handed_over"] == (2, 3, 1, 1) and funnel["consideration"] == (0, 3, 2, 0)
    assert feedback["all", "all hand-overs"] == (3, 1, 0, 2, 25, 0)
    assert ("reason", "no budget") not in feedback


def make_random_journeys(chance):
    """Stays, hand-overs, verdicts and opportunities of 200 leads in 60 days."""
    first = NEWEST - timedelta(days=60)
    stays, hand_overs, verdicts, opportunities = [], [], [], []
    for number in range(200):
        lead_id = f"L{number}"
        starts = sorted({chance.choice([0, chance.randint(0, 60)]), *chance.sample(range(61), 3)})
        tiers = [chance.choice(list(TIER_STAGES))]
        for _ in starts[1:]:
            tiers.append(chance.choice([tier for tier in TIER_STAGES if tier != tiers[-1]]))
        days = [first + timedelta(days=start) for start in starts]
        ends = [*days[1:], None if chance.random() < 0.9 else NEWEST - timedelta(days=0)]
        stays += [
            (lead_id, day, end, tier)
            for day, end, tier in zip(days, ends, tiers, strict=True)
            if end is None or day < end
        ]
        for turn, offset in enumerate(
            sorted(chance.sample(range(58), chance.choice([0, 0, 1, 2])))
        ):
            day = first + timedelta(days=offset)
            released = datetime(day.year, day.month, day.day, 9) + timedelta(
                hours=chance.randint(-6, 40)
            )
            hand_overs.append((lead_id, turn, day, chance.choice([None, released])))
        for offset in chance.sample(range(59), chance.choice([0, 1, 1, 2])):
            at = datetime(first.year, first.month, first.day) + timedelta(
                days=offset, hours=chance.randint(0, 23)
            )
            word = chance.choice(["accepted", "rejected"])
            verdicts.append(verdict(lead_id, word, str(at), chance.choice([None, "not now"])))
        if chance.random() < 0.2:
            opened = first + timedelta(days=chance.randint(0, 40))
            is_won = chance.choice(["true", "false", None])
            closed = opened + timedelta(days=10) if is_won else None
            opportunities.append(opportunity(lead_id, opened, closed, is_won))
    return stays, hand_overs, verdicts, opportunities


def count_funnel(stays, hand_overs, verdicts, opportunities):
    """What read_funnel gives, counted lead by lead."""
    first = min(start for _, start, _, _ in stays)
    now, reached, moved, days = Counter(), Counter(), Counter(), defaultdict(list)
    for lead_id in {lead_id for lead_id, _, end, _ in stays if end is None or end > NEWEST}:
        mine = [stay for stay in stays if stay[0] == lead_id]
        place = {stage: number for number, stage in enumerate(STAGES, start=1)}
        steps, since, holds = [], {}, []
        for _, start, end, tier in mine:
            stage = TIER_STAGES[tier]
            if stage:
                steps.append((place[stage], start))
                if start > first:
                    since.setdefault(place[stage], start)
            if end is None or end > NEWEST:
                holds.append(place.get(stage, 0))
        answers = sorted(
            (datetime.fromisoformat(row["decided_at"]), row["verdict"])
            for row in verdicts
            if row["lead_id"] == lead_id
        )
        last = answers[-1] if answers else None
        for _, _, due_on, _ in (row for row in hand_overs if row[0] == lead_id):
            steps.append((place["handed_over"], due_on))
            if not (last and last[1] == "rejected" and last[0].date() >= due_on):
                holds.append(place["handed_over"])
        for at, word in answers:
            if word == "accepted":
                steps.append((place["accepted"], at.date()))
                if (at, word) == last:
                    holds.append(place["accepted"])
        for row in (row for row in opportunities if row["lead_id"] == lead_id):
            steps.append((place["opportunity"], row["created_at"]))
            if row["is_won"] is None:
                holds.append(place["opportunity"])
            if row["is_won"] == "true":
                steps.append((place["customer"], row["closed_at"]))
                holds.append(place["customer"])
        for position, on in steps:
            if position > STAGES.index("handed_over"):
                since[position] = min(since.get(position, on), on)
        now[max(holds)] += 1
        reached[0] += holds[0] == 0
        for position in {position for position, _ in steps}:
            reached[position] += 1
            later = [on for at, on in steps if at > position]
            # Since when it was in the tier of the first day nobody knows.
            moved[position] += bool(later) and position in since and max(later) >= since[position]
            if position in since and later and min(later) >= since[position]:
                days[position].append((min(later) - since[position]).days)
    return {
        stage: (
            now[position],
            reached[position],
            moved[position] if position < len(STAGES) else None,
            statistics.median(days[position]) if days[position] else None,
        )
        for position, stage in enumerate(["no stage", *STAGES])
    }


def count_answers(hand_overs, verdicts):
    """The row of all hand-overs and that of verdicts without one, counted one by one."""
    given = defaultdict(list)
    without = Counter()
    for row in verdicts:
        at = datetime.fromisoformat(row["decided_at"])
        due = [h[2] for h in hand_overs if h[0] == row["lead_id"] and h[2] <= at.date()]
        if due:
            given[row["lead_id"], max(due)].append((at, row["verdict"]))
        else:
            without[row["verdict"]] += 1
    words, hours, in_time = Counter(), [], []
    for lead_id, _, due_on, released_at in hand_overs:
        midnight = datetime(due_on.year, due_on.month, due_on.day) + timedelta(days=1)
        clock = min(released_at or midnight, midnight)
        answers = sorted(given[lead_id, due_on])
        words[answers[-1][1] if answers else "open"] += 1
        end = answers[0][0] if answers else datetime(2026, 7, 1)
        waited = max(0, (end - clock).total_seconds() / 3600)
        if answers:
            hours.append(waited)
        if answers or waited > 24:
            in_time.append(bool(answers) and waited <= 24)
    return {
        ("all", "all hand-overs"): (
            len(hand_overs), words["accepted"], words["rejected"], words["open"],
            statistics.median(hours), pytest.approx(100 * statistics.mean(in_time), abs=0.01),
        ),
        ("all", "without a hand-over"): (
            0, without["accepted"], without["rejected"], 0, None, None,
        ),
    }  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2])
def test_random_journeys_are_counted_as_one_would_by_hand(tmp_path, seed):
    stays, hand_overs, verdicts, opportunities = make_random_journeys(random.Random(seed))
    warehouse = build_warehouse(
        tmp_path,
        {
            "crm.leads": [lead(lead_id) for lead_id in sorted({stay[0] for stay in stays})],
            "crm.lead_feedback": verdicts,
            "crm.opportunities": opportunities,
        },
    )
    write_history(warehouse, stays, hand_overs)
    build_meeting(tmp_path)
    assert read_funnel(warehouse) == count_funnel(stays, hand_overs, verdicts, opportunities)
    feedback = read_feedback(warehouse)
    expected = count_answers(hand_overs, verdicts)
    assert {key: feedback[key] for key in expected} == expected


def test_the_trend_is_that_of_the_scores(tmp_path):
    """Three scored days, tiered by the real tiering: the means are those of the whole scores."""
    days = "2026-05-15,2026-05-31,2026-06-30"
    leads = [
        lead(f"L{n}", job_title=title, country=country,
             **dict.fromkeys(("created_at", "updated_at", "_loaded_at"), created))
        for n, (title, country, created) in enumerate(
            [
                ("VP Marketing", "US", "2026-01-01 00:00:00"),
                ("Student", None, "2026-05-20 00:00:00"),
                ("Marketing Manager", "GB", "2026-06-05 00:00:00"),
            ]
        )
    ]  # fmt: skip
    warehouse = build_warehouse(tmp_path, {"crm.leads": leads}, as_of=days)
    with open_warehouse(warehouse) as connection:
        write_tiers(connection)
    outcome = run_dbt(
        "run", "--select", "source:tiering+",
        raw=tmp_path / "raw", warehouse=warehouse, as_of=days,
    )  # fmt: skip
    assert outcome.success, outcome.errors
    means = {
        (str(day), leads): mean
        for day, leads, mean in query(
            warehouse,
            "select as_of_date, count(*), avg(round(score)) from lead_scores"
            f" where model_id = '{MODEL}' group by all",
        )
    }
    assert sorted(means) == [
        ("2026-05-15", 1), ("2026-05-31", 2), ("2026-06-30", 3),
    ]  # fmt: skip
    first, may, june = (means[key] for key in sorted(means))
    assert query(
        warehouse,
        "select as_of_date::varchar, leads, mean_score::double,"
        " mean_score_change_since_first_day::double, mean_score_change_in_30_days::double"
        f" from score_trend where model_id = '{MODEL}' order by 1",
    ) == [
        ("2026-05-31", 2, *(pytest.approx(x, abs=1e-4) for x in (may, may - first)), None),
        (
            "2026-06-30", 3,
            *(pytest.approx(x, abs=1e-4) for x in (june, june - first, june - may)),
        ),
    ]  # fmt: skip
