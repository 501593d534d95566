"""What belongs here: laws of learning on made-up pasts whose relation is known: what is planted is
found, points go one way, rounding costs nothing, what says the same is one rule, and the same past
gives the same book."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from orchestration.lib.basics.outcomes import Refused
from orchestration.lib.learned.attributes import describe_attributes
from orchestration.lib.learned.candidates import Column, History, make_matrix
from orchestration.lib.learned.comparison import (
    BY_HAND,
    LEARNED,
    compare,
    count_periods,
    judge_all,
)
from orchestration.lib.learned.learning import ROUNDING_MAY_COST, learn_book, refit
from orchestration.lib.learned.metrics import draw_ranking
from orchestration.lib.learned.parts import Past, demand_enough, part_history
from orchestration.lib.learned.reports import describe_drift
from orchestration.lib.learned.rules import list_steps, make_rules

START = np.datetime64("2025-01-31")


def make_past(seed=1, *, size=3000, days=6, weight=1.5, shift=0.0):
    """Leads on days a month apart. The outcome comes with the segment `good`, less with `bad`, the
    more the larger the size, and with demos; not with `noise`. `shift` moves the rate of the last
    two days."""
    random = np.random.default_rng(seed)
    day = START + 31 * np.sort(random.integers(0, days, size))
    segment = random.choice(4, size, p=[0.2, 0.2, 0.3, 0.3])
    number = np.round(random.lognormal(4, 1, size))
    number[random.random(size) < 0.2] = np.nan
    demos = random.poisson(0.3, size).astype(np.float32)
    logit = -2 + weight * ((segment == 0) - 0.7 * (segment == 1) + 0.5 * np.minimum(demos, 2))
    logit += weight * 0.4 * np.log(np.nan_to_num(number, nan=20) / 50)
    logit += shift * (day >= START + 31 * (days - 2))
    came = random.random(size) < 1 / (1 + np.exp(-logit))
    history = History(
        days=day,
        leads=random.integers(0, size // 2, size),
        came=came,
        came_by_then=came,
        scores=logit + random.normal(0, 2, size),
        columns=[
            Column("segment", codes=segment, levels=("good", "bad", "plain", "other")),
            Column("size", numbers=number),
            Column("noise", codes=random.integers(0, 5, size), levels=tuple("vwxyz")),
        ],
        activities={
            ("demo", None): demos,
            ("demo", 30): demos * 0.8,
            ("click", None): demos * 0 + 1,
        },
    )
    return Past(history, np.where(came, day + 5, np.datetime64("NaT")))


def learn(past, *, rules_at_most=25, horizon=20, **given):
    history, parts = part_history(past, horizon=horizon, judged_from=None, with_unfinished=False)
    matrix = make_matrix(history, rows=parts.learned, rule_leads=10, **given)
    book = learn_book(
        matrix,
        history.came_by_then,
        earlier=parts.earlier,
        later=parts.later,
        rules_at_most=rules_at_most,
        seed=7,
    )
    return history, parts, matrix, book


def test_what_is_planted_is_found_and_beats_the_truth_told_with_noise():
    history, parts, matrix, book = learn(make_past(size=8000))
    points = {(c.subject, c.operand): p for c, p in zip(book.candidates, book.points, strict=True)}
    assert points["segment", "good"] > 0 > points["segment", "bad"]
    assert points["demo", ""] > 0
    assert all(points[key] > 0 for key in points if key[0] == "size" and key[1])
    assert sum(abs(points[key]) for key in points if key[0] == "noise") <= 2
    evidence = {
        rule.value: rule
        for rule in make_rules(book, matrix, history.came_by_then, rows=parts.learned)
    }
    assert evidence["good"].came > 1.5 * evidence["good"].expected
    assert evidence["bad"].came < 0.8 * evidence["bad"].expected
    judged = parts.judged
    learned = roc_auc_score(history.came[judged], book.score(matrix.values)[judged])
    assert learned > roc_auc_score(history.came[judged], history.scores[judged]) + 0.05


@settings(max_examples=12, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10_000), rules_at_most=st.sampled_from([3, 8, 25]))
def test_points_go_one_way_agree_with_what_came_and_cost_nothing_to_round(seed, rules_at_most):
    history, parts, matrix, book = learn(make_past(seed, size=1500), rules_at_most=rules_at_most)
    assert 0 < len(book.points) <= rules_at_most
    assert all(isinstance(points, int) and points for points in book.points)
    for steps in list_steps(book):
        assert len({np.sign(book.points[place]) for place in steps}) == 1
    for rule in make_rules(book, matrix, history.came_by_then, rows=parts.learned):
        # Rounding and the ridge move the expected a little, never past what came.
        assert (rule.came - rule.expected) * rule.points > -0.1 * rule.came * abs(rule.points)
    assert book.cost <= ROUNDING_MAY_COST
    shapes = [c.shape for c in book.candidates if c.subject == "demo"]
    assert len(shapes) <= 1


def test_a_candidate_that_would_only_correct_another_is_no_rule():
    past = make_past(11)
    random = np.random.default_rng(11)
    size = len(past.history.days)
    buyer = random.random(size) < 0.3
    visitor = np.where(random.random(size) < 0.85, buyer, random.random(size) < 0.3)
    # Beside the buyers visitors count against it, by themselves they seem to count for it.
    came = random.random(size) < 0.1 + 0.7 * buyer - 0.4 * visitor * buyer
    history = replace(
        past.history,
        came=came,
        came_by_then=came,
        columns=[
            Column("buyer", codes=buyer.astype(int), levels=("no", "yes")),
            Column("visitor", codes=visitor.astype(int), levels=("no", "yes")),
        ],
    )
    history, parts, matrix, book = learn(
        Past(history, np.where(came, history.days + 5, np.datetime64("NaT")))
    )
    places = list(range(len(matrix.candidates)))
    assert {candidate.subject for candidate in matrix.candidates} >= {"buyer", "visitor"}
    weights = refit(matrix, history.came_by_then, rows=parts.learned, places=places)
    assert (weights * matrix.signs >= 0).all()
    assert {candidate.subject for candidate in book.candidates} == {"buyer"}


def test_a_hump_becomes_steps_that_do_not_undo_each_other():
    past = make_past(3)
    size = past.history.columns[1].numbers
    came = (size > 40) & (size < 90) & (np.random.default_rng(3).random(len(size)) < 0.6)
    history = replace(past.history, came=came, came_by_then=came)
    *_, book = learn(Past(history, np.where(came, history.days + 5, np.datetime64("NaT"))))
    [steps] = list_steps(book) or [[]]
    assert len({np.sign(book.points[place]) for place in steps}) <= 1


def test_what_always_comes_together_is_one_rule():
    past = make_past(4)
    demos = past.history.activities["demo", None]
    twin = replace(past.history.columns[0], name="twin")
    history = replace(
        past.history,
        columns=[*past.history.columns, twin],
        activities={**past.history.activities, ("invitation", None): demos},
    )
    _, _, matrix, book = learn(replace(past, history=history))
    subjects = {candidate.subject for candidate in book.candidates}
    assert len(subjects & {"demo", "invitation"}) == 1
    assert len(subjects & {"segment", "twin"}) == 1
    assert {one.subject for one, _ in matrix.merged} >= {"twin", "invitation"}


def test_of_candidates_alike_those_that_rules_use_already_stay():
    past = make_past(4)
    twin = replace(past.history.columns[0], name="twin")
    history = replace(past.history, columns=[*past.history.columns, twin])
    _, _, _, book = learn(replace(past, history=history), first=["twin"])
    assert "segment" not in {candidate.subject for candidate in book.candidates}


def test_the_same_past_gives_the_same_book_in_whatever_order_its_attributes_stand():
    past = make_past(5)
    turned = replace(past.history, columns=past.history.columns[::-1])
    *_, book = learn(past)
    *_, again = learn(past)
    *_, other = learn(replace(past, history=turned))
    assert book == again
    assert set(zip(book.candidates, book.points, strict=True)) == set(
        zip(other.candidates, other.points, strict=True)
    )


def test_a_value_that_is_left_out_is_no_candidate():
    _, _, matrix, _ = learn(make_past(6), without=["segment=good"])
    asked = {(candidate.subject, candidate.operand) for candidate in matrix.candidates}
    assert ("segment", "good") not in asked and ("segment", "bad") in asked


def test_nothing_is_learned_from_rows_whose_outcome_was_not_known_yet():
    past = make_past(7)
    history, parts = part_history(past, horizon=40, judged_from=None, with_unfinished=False)
    begins = np.datetime64(parts.judged_from)
    assert (history.days[parts.learned] + 40 < begins).all()
    assert (history.days[parts.judged] >= begins).all()
    assert np.datetime64(parts.saw_until) < begins
    assert not (parts.learned & parts.judged).any()
    late = Past(history, np.where(history.came, history.days + 35, np.datetime64("NaT")))
    seen, parts = part_history(late, horizon=40, judged_from=None, with_unfinished=True)
    assert (seen.days[parts.learned & seen.came_by_then] + 35 < begins).all()
    assert parts.learned.sum() + parts.judged.sum() == len(history.days)
    assert seen.came_by_then[parts.learned].sum() < seen.came[parts.learned].sum()


def test_too_little_is_refused_with_the_numbers():
    past = make_past(8, size=200)
    few = past.history.came & (np.cumsum(past.history.came) <= 12)
    history, parts = part_history(
        Past(replace(past.history, came=few), past.came_on), horizon=20, judged_from=None,
        with_unfinished=False,
    )  # fmt: skip
    count = len(np.unique(history.leads[parts.learned & history.came_by_then]))
    sentence = f"leads that are learned from, {count} became customers and .* 40 of each are needed"
    with pytest.raises(Refused, match=sentence):
        demand_enough(
            history,
            parts,
            outcome={"outcome": "won_opportunity"},
            least={"learning_outcomes": 40, "rule_leads": 10},
        )


def test_all_ways_to_score_are_judged_on_the_same_rows_and_who_is_better_is_said():
    history, parts, matrix, book = learn(make_past(9, weight=2.0))
    perfect = replace(history, scores=history.came.astype(float))
    for past, is_better in ((perfect, True), (replace(history, scores=-history.scores), False)):
        rows = compare(
            past, matrix, book, learned=parts.learned, judged=parts.judged, rules_by_hand=3, seed=1
        )
        by_name = {row.name: row for row in rows}
        assert list(by_name)[0] == LEARNED and len(rows) == 5
        assert by_name[LEARNED].auc == pytest.approx(
            roc_auc_score(history.came[parts.judged], book.score(matrix.values)[parts.judged])
        )
        assert by_name[BY_HAND].is_better == is_better
        assert all(row.low <= row.auc <= row.high for row in rows)
        assert by_name[LEARNED].calibration_error < 0.06


def test_intervals_are_those_of_a_back_test():
    random = np.random.default_rng(1)
    came, score = random.random(900) < 0.3, random.integers(0, 9, 900)
    leads = random.integers(0, 300, 900)
    (judged,) = judge_all(
        {LEARNED: score}, {LEARNED: score / 9}, came, leads=leads, rules={LEARNED: 3}
    )
    counts = (
        pd.DataFrame({"lead_group": leads % 100, "score": score, "leads": 1, "outcomes": came})
        .groupby(["lead_group", "score"], as_index=False)
        .sum()
    )
    assert (judged.low, judged.high) == pytest.approx(draw_ranking(counts)["auc"])
    assert judged.auc == pytest.approx(roc_auc_score(came, score))


@pytest.mark.parametrize(("shift", "has_drifted"), [(0.0, False), (1.5, True), (-2.5, True)])
def test_a_rate_that_moves_is_told_and_one_that_does_not_is_not(shift, has_drifted):
    history, parts, matrix, book = learn(make_past(10, shift=shift))
    periods = count_periods(
        history,
        book.expect(book.score(matrix.values)),
        learned=parts.learned,
        judged=parts.judged,
    )
    assert periods[-1].has_drifted == has_drifted
    assert periods[-1].came == history.came[parts.judged].sum()
    assert describe_drift(periods)[0].startswith("DRIFT" if has_drifted else "No drift")


def test_what_leaks_is_sensitive_or_asked_to_be_left_out_is_not_asked():
    old = {
        "sensitive_fields": [{"pattern": "(^|_)age(_|$)", "what": "age"}],
        "attributes": [
            {
                "attribute": name,
                "origin": origin,
                "is_personal": personal,
                "follows_outcome": "true" if name in ("owner_id", "days_since_won") else "false",
            }
            for name, origin, personal in [
                ("owner_id", "lead", "false"),
                ("email", "lead", "true"),
                ("industry", "lead", "false"),
                ("country", "lead", "false"),
                ("lead_age_days", "computed", "false"),
                ("days_since_won", "deals", "false"),
            ]
        ],
        "custom_attributes": [{"attribute": "age"}, {"attribute": "budget"}],
        "activity_attributes": [{"attribute": "calls_30"}],
        "activities": [{"activity": "call"}],
    }
    asked = describe_attributes(
        old, product="Cloud", leave_out=["country", "call"], on_first_days=False
    )
    assert asked.named == ["budget", "calls_30", "email", "industry", "lead_age_days"]
    assert asked.keys["cloud.calls_30"] == "calls_30"
    assert asked.presence == {"email"}
    assert set(asked.left_out) == {"owner_id", "email", "country", "days_since_won", "age", "call"}
    on_first_days = describe_attributes(old, product="", leave_out=[], on_first_days=True)
    assert on_first_days.named == ["budget", "country", "email", "industry"]
