"""What belongs here: that tiers hold still, that limited ones never overflow, and that a lead is
handed over once, and again only after it came back."""

from datetime import date, timedelta
from decimal import Decimal

import duckdb
import pandas as pd
import pytest
from fake_warehouse import GRADES, TABLES
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.lib.decided.tiers import write_tiers

FIRST = date(2026, 6, 1)

LADDER = pd.DataFrame(
    [
        ("cold", 0, 0, 0, False),
        ("warm", 30, 25, 2, False),
        ("sales", 60, 50, 3, True),
        ("hot", 80, 75, 0, True),
    ],
    columns=["tier", "enter_at", "leave_below", "min_days_in_tier", "hands_over"],
).assign(
    model_id="b2b", action="act", sla_hours=24, stage="interest", capacity=None,
    required_fields=None,
)  # fmt: skip


def make_connection(ladder=LADDER):
    connection = duckdb.connect()
    connection.execute(TABLES)
    connection.register("ladder", ladder).execute(
        "insert into rule_book.model_tiers by name from ladder"
    )
    connection.register("grades", GRADES).execute("create table rules.grades as from grades")
    return connection


def score_day(connection, day, scores, *, excluded=()):
    """Score the leads of one day, lead -> score, and write their tiers."""
    connection.execute("delete from lead_scores; delete from lead_score_ledger")
    for lead_id, score in scores.items():
        connection.execute(
            "insert into lead_scores (as_of_date, model_id, lead_id, score, fit_score,"
            " engagement_score, is_excluded, exclusion_reason)"
            " values (?, 'b2b', ?, ?, 50, 50, ?, ?)",
            [day, lead_id, score, lead_id in excluded, "Works for us"],
        )
    write_tiers(connection)


def reject(connection, day, lead_id, *, on, reason="no budget", until=None):
    """Say what the table of cool-downs says of a rejection, on the scored day `day`."""
    connection.execute(
        "insert into intermediate.int_lead_cool_downs values (?, ?, ?, ?, ?)",
        [day, lead_id, on, reason, until],
    )


def suppress(connection, day, lead_id, *, on, state="lost", until=None):
    """Say what the table of suppressions says of a deal, on the scored day `day`."""
    connection.execute(
        "insert into intermediate.int_lead_suppressions values (?, 'b2b', ?, ?, ?, ?, 'Said no')",
        [day, lead_id, state, on, until],
    )


def release(connection):
    connection.execute(
        "update hand_overs set released_at = timestamp '2026-06-30 06:00' where released_at is null"
    )


def read_tier(connection, lead_id="1"):
    return connection.execute(
        "select tier, tier_by_score, tier_reason from lead_tiers where lead_id = ?", [lead_id]
    ).fetchone()


# One lead's June: the day, its score, the tier it is in and why it is not the one of its score.
STORY = [
    (1, 62, "sales", None),
    (2, 20, "sales", "stays at least 3 days"),
    (3, 81, "sales", "stays at least 3 days"),
    (4, 81, "hot", None),
    (5, 75, "hot", "leaves below 75"),
    (6, "74.9999", "sales", None),
    (9, 50, "sales", "leaves below 50"),
    (10, "49.9999", "warm", None),
    (11, 70, "warm", "stays at least 2 days"),
    (12, 70, "sales", None),
    (14, 10, "sales", "stays at least 3 days"),
    (15, 10, "cold", None),
    (16, 45, "warm", None),
    (18, 26, "warm", "leaves below 25"),
    (19, "24.9999", "cold", None),
    (20, 85, "hot", None),
    (21, 55, "sales", "leaves below 50"),
    (24, 28, "warm", "leaves below 25"),
]  # fmt: skip


def test_a_golden_history_of_tiers_day_by_day():
    with make_connection() as connection:
        for day, score, tier, reason in STORY:
            score_day(connection, FIRST + timedelta(day - 1), {"1": Decimal(score)})
            found, by_score, why = read_tier(connection)
            assert (day, found, why) == (day, tier, reason)
            assert (why is None) == (found == by_score)


def test_what_sales_rejects_goes_back_at_once_and_may_come_again():
    with make_connection() as connection:
        score_day(connection, FIRST, {"1": 90})
        second, third = FIRST + timedelta(1), FIRST + timedelta(2)
        for day in (second, third):
            reject(connection, day, "1", on=second, until=FIRST + timedelta(3))
        score_day(connection, second, {"1": 90})
        assert read_tier(connection) == (
            "warm", "hot", "rejected by sales (no budget), until 2026-06-04",
        )  # fmt: skip
        score_day(connection, third, {"1": 95})
        assert read_tier(connection)[0] == "warm"
        score_day(connection, FIRST + timedelta(3), {"1": 95})
        assert read_tier(connection) == ("hot", "hot", None)


def test_a_rejection_for_good_has_no_end():
    with make_connection() as connection:
        reject(connection, FIRST, "1", on=FIRST, reason=None)
        score_day(connection, FIRST, {"1": 90})
        assert read_tier(connection)[2] == "rejected by sales (no reason), for good"


def test_a_deal_that_is_over_keeps_a_lead_out_and_hands_it_over_again_afterwards():
    second, third = FIRST + timedelta(1), FIRST + timedelta(3)
    with make_connection() as connection:
        score_day(connection, FIRST, {"1": 90, "2": 90, "3": 20})
        release(connection)
        suppress(connection, second, "1", on=second, until=third)
        suppress(connection, second, "2", on=FIRST, state="won")
        reject(connection, second, "2", on=FIRST, until=third)
        suppress(connection, second, "3", on=FIRST)
        score_day(connection, second, {"1": 90, "2": 90, "3": 20})
        assert read_tier(connection, "1") == (
            "warm", "hot", "deal lost on 2026-06-02 (Said no), until 2026-06-04",
        )  # fmt: skip
        assert read_tier(connection, "2")[2] == (
            "rejected by sales (no budget), until 2026-06-04;"
            " deal won on 2026-06-01 (Said no), for good"
        )
        assert read_tier(connection, "3") == ("cold", "cold", None)
        suppress(connection, third, "2", on=FIRST, state="won")
        score_day(connection, third, {"1": 90, "2": 90, "3": 90})
        assert read_tier(connection, "1") == ("hot", "hot", None)
        assert read_tier(connection, "2")[2] == "deal won on 2026-06-01 (Said no), for good"
        assert read_hand_overs(connection) == [
            ("1", 1, 1, "hot", 2, "deal lost: Said no"),
            ("1", 2, 4, "hot", None, None),
            ("2", 1, 1, "hot", 2, "rejected by sales: no budget"),
            ("3", 1, 4, "hot", None, None),
        ]


def test_a_tier_that_demands_a_field_is_not_granted_without_it_and_not_taken_away():
    with make_connection() as connection:
        connection.execute(
            "insert into scoring.unmet_demands values (?, 'b2b', '1', 'hot', 'budget|phone')",
            [FIRST],
        )
        score_day(connection, FIRST, {"1": 90, "2": 90})
        assert read_tier(connection) == (
            "sales",
            "hot",
            "hot demands what is unknown: budget, phone",
        )
        assert read_tier(connection, "2") == ("hot", "hot", None)
        second = FIRST + timedelta(1)
        connection.execute(
            "insert into scoring.unmet_demands values (?, 'b2b', '2', 'hot', 'phone')", [second]
        )
        score_day(connection, second, {"1": 90, "2": 90})
        assert read_tier(connection, "2") == ("hot", "hot", None)


def read_cut_offs(connection):
    return connection.execute(
        "select tier, cast(cut_off as double), leads, turned_away from tier_cut_offs"
        " where capacity is not null order by enter_at desc"
    ).fetchall()


def limit(**capacities):
    return LADDER.assign(
        capacity=pd.array([capacities.get(tier) for tier in LADDER["tier"]], dtype="Int64")
    )


def test_the_best_leads_get_the_places_and_the_cut_off_says_with_which_score():
    with make_connection(limit(hot=2, sales=2)) as connection:
        scores = {"a": 99, "b": 95, "c": 95, "d": 90, "e": 70, "f": 61}
        score_day(connection, FIRST, scores)
        tiers = {lead: read_tier(connection, lead)[0] for lead in scores}
        # b and c are equal and there is one place: neither has it. Then three want two places.
        assert tiers == {
            "a": "hot", "b": "sales", "c": "sales", "d": "warm", "e": "warm", "f": "warm",
        }  # fmt: skip
        assert read_cut_offs(connection) == [("hot", 99.0, 1, 3), ("sales", 95.0, 2, 3)]
        assert read_tier(connection, "d")[2] == "all 2 places of hot are taken"
        assert read_tier(connection, "f")[2] == "all 2 places of sales are taken"


def test_who_is_in_keeps_its_place_and_a_full_tier_is_closed():
    with make_connection(limit(hot=1)) as connection:
        score_day(connection, FIRST, {"a": 82, "b": 10})
        score_day(connection, FIRST + timedelta(1), {"a": 76, "b": 99})
        assert read_tier(connection, "a")[0] == "hot"
        assert read_tier(connection, "b")[0] == "sales"
        assert read_cut_offs(connection) == [("hot", None, 1, 1)]
        score_day(connection, FIRST + timedelta(4), {"a": 74, "b": 99})
        assert [read_tier(connection, lead)[0] for lead in "ab"] == ["sales", "hot"]
        assert read_cut_offs(connection) == [("hot", 80.0, 1, 0)]


def test_who_got_a_place_earlier_in_the_day_keeps_it_whoever_comes():
    earlier = pd.DataFrame({"model_id": ["b2b"], "lead_id": ["a"], "kept_tier": ["hot"]})
    with make_connection(limit(hot=1)) as connection:
        score_day(connection, FIRST, {"a": 82, "b": 99})
        assert [read_tier(connection, lead)[0] for lead in "ab"] == ["sales", "hot"]
        write_tiers(connection, kept=earlier)
        assert [read_tier(connection, lead)[0] for lead in "ab"] == ["hot", "sales"]
        # As long as its score would enter: it has the place of today, and no tier to leave.
        score_day(connection, FIRST, {"a": 79, "b": 99})
        write_tiers(connection, kept=earlier)
        assert [read_tier(connection, lead)[0] for lead in "ab"] == ["sales", "hot"]


def test_excluded_leads_take_no_place():
    with make_connection(limit(hot=1)) as connection:
        score_day(connection, FIRST, {"a": 99, "b": 90}, excluded=["a"])
        assert read_tier(connection, "b")[0] == "hot"


def read_hand_overs(connection):
    return connection.execute(
        "select lead_id, hand_over_number, day(due_on), tier, day(recycled_on), recycle_reason"
        " from hand_overs order by lead_id, hand_over_number"
    ).fetchall()


def test_a_golden_history_of_hand_overs():
    with make_connection() as connection:
        days = [FIRST + timedelta(number) for number in range(14)]
        score_day(connection, days[0], {"1": 20, "2": 90}, excluded=["2"])
        assert read_hand_overs(connection) == []
        score_day(connection, days[1], {"1": 65, "2": 90}, excluded=["2"])
        assert read_hand_overs(connection) == [("1", 1, 2, "sales", None, None)]
        # Not released, so still a plan: a corrected day takes it back, the next one makes it anew.
        score_day(connection, days[1], {"1": 20})
        assert read_hand_overs(connection) == []
        score_day(connection, days[1], {"1": 65})
        score_day(connection, days[2], {"1": 85})
        assert read_hand_overs(connection) == [("1", 1, 2, "sales", None, None)]
        release(connection)
        score_day(connection, days[3], {"1": 20})
        score_day(connection, days[4], {"1": 20})
        assert read_hand_overs(connection) == [("1", 1, 2, "sales", 5, "cooled down")]
        # The day again: nothing is recycled, so nothing is handed over a second time.
        score_day(connection, days[4], {"1": 66})
        assert read_hand_overs(connection) == [("1", 1, 2, "sales", None, None)]
        score_day(connection, days[4], {"1": 20})
        score_day(connection, days[5], {"1": 90})
        release(connection)
        reject(connection, days[6], "1", on=days[6], reason="not now")
        score_day(connection, days[6], {"1": 90})
        assert read_hand_overs(connection) == [
            ("1", 1, 2, "sales", 5, "cooled down"),
            ("1", 2, 6, "hot", 7, "rejected by sales: not now"),
        ]
        for day in days[7:9]:
            score_day(connection, day, {"1": 90})
        release(connection)
        score_day(connection, days[9], {"1": 90}, excluded=["1"])
        assert read_hand_overs(connection)[2] == ("1", 3, 9, "hot", 10, "Works for us")
        # A day of the past is over, and a lead that the CRM forgot for a day stays handed over.
        score_day(connection, days[10], {"1": 90})
        release(connection)
        score_day(connection, days[3], {"1": 20})
        score_day(connection, days[11], {"3": 20})
        score_day(connection, days[12], {"1": 90})
        assert len(read_hand_overs(connection)) == 4
        assert read_hand_overs(connection)[3] == ("1", 4, 11, "hot", None, None)


def test_a_hand_over_that_is_planned_anew_has_the_key_it_had():
    def read_keys():
        return connection.execute(
            "select idempotency_key from hand_overs order by hand_over_number"
        ).fetchall()

    with make_connection() as connection:
        score_day(connection, FIRST, {"1": 90})
        (key,) = read_keys()
        score_day(connection, FIRST + timedelta(1), {"1": 65})
        assert read_keys() == [key]
        release(connection)
        score_day(connection, FIRST + timedelta(4), {"1": 10})
        score_day(connection, FIRST + timedelta(5), {"1": 90})
        assert read_keys()[0] == key
        assert len(set(read_keys())) == 2


def test_a_challenger_hands_nothing_over():
    with make_connection() as connection:
        connection.execute("update rule_book.scored_models set role = 'challenger'")
        score_day(connection, FIRST, {"1": 90})
        assert read_tier(connection)[0] == "hot"
        assert read_hand_overs(connection) == []


def draw_of_warm_leads(pct):
    """The ladder with so many of a hundred warm leads worked all the same. Lead 8 draws 15.5, 10
    29.9, 4 35.7 and 1 95.9."""
    of_warm = LADDER["tier"].eq("warm") * pct
    actions = {"cold": "mail", "warm": "mail", "sales": "call", "hot": "visit"}
    return LADDER.assign(worked_anyway_pct=of_warm, action=LADDER["tier"].map(actions))


def test_of_leads_below_the_line_the_drawn_ones_are_handed_over_once_and_say_so():
    days = [FIRST + timedelta(number) for number in range(7)]
    with make_connection(draw_of_warm_leads(32.5)) as connection:
        warm = dict.fromkeys(["1", "4", "8", "10", "excluded"], 40)
        reject(connection, days[0], "10", on=FIRST, until=days[1])
        score_day(connection, days[0], {**warm, "11": 20, "3": 65}, excluded=["excluded"])
        found = connection.execute(
            "select lead_id, tier, action, sla_hours, draw_probability, reasons, idempotency_key"
            " from hand_overs order by lead_id"
        ).fetchall()
        drawn = "Drawn at random to be worked all the same, as 32.5 of 100 leads of the tier warm"
        assert [row[:-1] for row in found] == [
            ("3", "sales", "call", 24, None, None),
            ("8", "warm", "call", 24, Decimal("0.325"), drawn),
        ]
        # Planned anew it is the same one; once it is given to sales, its score changes nothing.
        score_day(connection, days[1], {"8": 40, "10": 40, "3": 65})
        release(connection)
        score_day(connection, days[3], {"8": 10, "10": 45, "3": 65})
        assert ("8", 1, 1, "warm", None, None) in read_hand_overs(connection)
        assert connection.execute(
            "select idempotency_key from hand_overs where lead_id = '8'"
        ).fetchall() == [(found[1][-1],)]
        # Who comes to a tier that hands over is handed over by it, as any lead.
        score_day(connection, days[4], {"8": 90, "10": 45, "3": 65})
        release(connection)
        reject(connection, days[5], "10", on=days[5], reason="not now", until=days[6])
        score_day(connection, days[5], {"8": 40, "10": 45, "3": 10})
        # Who was with sales already is not drawn.
        score_day(connection, days[6], {"8": 40, "10": 45, "3": 40})
        assert read_hand_overs(connection) == [
            ("10", 1, 2, "warm", 6, "rejected by sales: not now"),
            ("3", 1, 1, "sales", 6, "cooled down"),
            ("8", 1, 1, "warm", 5, "drawn, and now in the tier hot"),
            ("8", 2, 5, "hot", 6, "cooled down"),
        ]
        assert connection.execute("select count(draw_probability) from hand_overs").fetchone() == (
            2,
        )


def test_without_a_share_to_be_drawn_nobody_is():
    with make_connection(draw_of_warm_leads(0)) as connection:
        score_day(connection, FIRST, {"8": 40})
        assert read_hand_overs(connection) == []


def test_a_hand_over_keeps_the_rules_it_was_made_of():
    with make_connection() as connection:
        score_day(connection, FIRST, {"1": 90})
        connection.execute(
            "insert into lead_score_ledger (as_of_date, model_id, lead_id, rule_id, points) values"
            " ($day, 'b2b', '1', 'visit', 95), ($day, 'b2b', '1', 'cap:score', -5),"
            " ($day, 'b2b', '1', 'old', 0)",
            {"day": FIRST},
        )
        write_tiers(connection)
        rows = connection.execute(
            "select rule_id, points from hand_over_rules inner join hand_overs"
            " using (idempotency_key)"
        ).fetchall()
        assert rows == [("visit", Decimal(95))]


# The lives of four leads side by side: each step scores the next day or the same one again, may be
# a rejection of a lead, and may end in a publication.
LEADS = ["1", "2", "3", "4"]
STEPS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.booleans(),
        st.lists(
            st.tuples(
                st.sampled_from([0, 24, 27, 40, 55, 62, 76, 85]),
                st.sampled_from([None, None, None, 1, 4]),
                st.sampled_from([False, False, False, True]),
            ),
            min_size=len(LEADS),
            max_size=len(LEADS),
        ),
    ),
    min_size=2,
    max_size=14,
)


@settings(max_examples=25, deadline=None)
@given(steps=STEPS)
def test_whatever_is_run_again_no_lead_is_handed_over_twice_and_no_tier_breaks_its_days(steps):
    least = dict(LADDER[["tier", "min_days_in_tier"]].to_numpy())
    with make_connection() as connection:
        day, rests, before, sent = FIRST, {}, {}, {lead_id: {} for lead_id in LEADS}
        for forward, is_published, of_leads in steps:
            if forward:
                before = {
                    lead_id: of_lead
                    for lead_id, *of_lead in connection.execute(
                        "select lead_id, tier, tier_since from lead_score_history"
                        " where valid_to is null"
                    ).fetchall()
                }
            day += timedelta(forward)
            scores, excluded = {}, []
            for table in ("int_lead_cool_downs", "int_lead_suppressions"):
                connection.execute(f"delete from intermediate.{table}")
            for lead_id, (score, rest_days, is_excluded) in zip(LEADS, of_leads, strict=True):
                if rest_days:
                    rests[lead_id] = (day, day + timedelta(rest_days))
                begins, ends = rests.get(lead_id, (day, day))
                if begins <= day < ends:
                    keep_out = suppress if lead_id == LEADS[0] else reject
                    keep_out(connection, day, lead_id, on=begins, until=ends)
                scores[lead_id] = score
                excluded += [lead_id] if is_excluded else []
            score_day(connection, day, scores, excluded=excluded)
            for lead_id in LEADS:
                tier = read_tier(connection, lead_id)[0]
                begins, ends = rests.get(lead_id, (day, day))
                is_cooling_down = begins <= day < ends
                if is_cooling_down:
                    assert tier in ("cold", "warm")
                if lead_id in before and not is_cooling_down:
                    tier_before, since = before[lead_id]
                    assert tier == tier_before or (day - since).days >= least[tier_before]
            if is_published:
                release(connection)
                for key, lead_id, number, recycled_on in connection.execute(
                    "select idempotency_key, lead_id, hand_over_number, recycled_on"
                    " from hand_overs order by lead_id, hand_over_number"
                ).fetchall():
                    assert sent[lead_id].setdefault(number, key) == key
                    assert number == len(sent[lead_id]) or recycled_on is not None
        numbers = {lead_id: [] for lead_id in LEADS}
        for lead_id, number, *_ in read_hand_overs(connection):
            numbers[lead_id].append(number)
        assert all(found == list(range(1, len(found) + 1)) for found in numbers.values())


@settings(max_examples=40, deadline=None)
@given(
    days=st.lists(st.lists(st.integers(0, 100), min_size=6, max_size=6), min_size=1, max_size=4),
    places=st.integers(0, 4),
)
def test_a_tier_of_limited_places_never_holds_more_leads(days, places):
    with make_connection(limit(hot=places)) as connection:
        for number, scores in enumerate(days):
            leads = {str(lead): score for lead, score in enumerate(scores)}
            score_day(connection, FIRST + timedelta(number), leads)
            inside = connection.execute(
                "select count(*) from lead_tiers where tier = 'hot'"
            ).fetchone()[0]
            assert inside <= places
            entered = connection.execute(
                "select min(score) from lead_tiers inner join lead_scores"
                " using (as_of_date, model_id, lead_id) where tier = 'hot' and is_new_tier"
            ).fetchone()[0]
            cut_off = connection.execute(
                "select cut_off from tier_cut_offs where tier = 'hot'"
            ).fetchone()[0]
            if entered is not None:
                assert cut_off is not None and entered >= cut_off


@pytest.mark.parametrize("rows", [1, 3, 100])
def test_places_are_given_over_all_chunks(rows):
    with make_connection(limit(hot=2)) as connection:
        score_day(connection, FIRST, {str(lead): 80 + lead for lead in range(6)})
        write_tiers(connection, chunk_rows=rows)
        inside = connection.execute(
            "select lead_id from lead_tiers where tier = 'hot' order by 1"
        ).fetchall()
        assert inside == [("4",), ("5",)]
