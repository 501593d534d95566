"""What belongs here: that every score gets the tier, grade and action that the rule book says, to
the last decimal, and that lead_tiers remembers the day before."""

from datetime import date
from decimal import Decimal

import duckdb
import pandas as pd
import pytest
from fake_warehouse import AS_OF, GRADES, TIERS, build_warehouse, fill_scores
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.lib.basics.warehouse import open_warehouse
from orchestration.lib.decided.tiers import TIER_COLUMNS, assign_tiers, write_tiers

NOBODY_BEFORE = pd.DataFrame(columns=["model_id", "lead_id", "tier", "tier_since"])

SENIOR = "call from a senior seller"
SELLER = "call from a seller"
PERSONAL = "personal nurture"
AUTOMATED = "automated nurture campaign"


def make_scores(scores, *, as_of=AS_OF, **columns):
    """One lead of model b2b per score, L0, L1, …; other columns as given."""
    frame = pd.DataFrame(
        {
            "as_of_date": as_of,
            "model_id": "b2b",
            "lead_id": [f"L{number}" for number in range(len(scores))],
            "score": scores,
            "fit_score": 50.0,
            "engagement_score": 50.0,
            "is_excluded": False,
        }
    )
    return frame.assign(**columns)


def tier(scores, *, previous=NOBODY_BEFORE):
    return assign_tiers(scores, tiers=TIERS, grades=GRADES, previous=previous)


@pytest.mark.parametrize("number", [Decimal, float])
@pytest.mark.parametrize(
    ("score", "name", "stage", "action"),
    [
        ("0", "unaware", "unaware", AUTOMATED),
        ("0.9999", "unaware", "unaware", AUTOMATED),
        ("1", "aware", "awareness", AUTOMATED),
        ("25", "aware", "awareness", AUTOMATED),
        ("25.9999", "aware", "awareness", AUTOMATED),
        ("26", "nurture", "interest", AUTOMATED),
        ("49.9999", "nurture", "interest", AUTOMATED),
        ("50", "nurture_warm", "interest", PERSONAL),
        ("51", "nurture_close", "consideration", PERSONAL),
        ("64.9999", "nurture_close", "consideration", PERSONAL),
        ("65", "sales", "consideration", SELLER),
        ("74.9999", "sales", "consideration", SELLER),
        ("75", "consider_call", "consideration", SENIOR),
        ("75.9999", "consider_call", "consideration", SENIOR),
        ("76", "ready_to_buy", "purchase", SENIOR),
        ("100", "ready_to_buy", "purchase", SENIOR),
    ],
)
def test_a_score_at_a_threshold_is_in_the_tier_that_begins_there(
    score, name, stage, action, number
):
    row = tier(make_scores([number(score)])).iloc[0]
    assert (row["tier"], row["stage"], row["action"]) == (name, stage, action)


def test_a_score_below_all_thresholds_or_without_value_has_no_tier():
    rows = tier(make_scores([Decimal("-0.0001"), None]))
    assert rows[["tier", "stage", "action", "sla_hours"]].isna().all(axis=None)
    assert rows["temperature"].isna().all()
    assert rows["is_new_tier"].all()


def test_a_threshold_finer_than_scores_is_met_by_the_next_score_only():
    tiers = TIERS.assign(enter_at=TIERS["enter_at"].replace("75", "74.99985"))
    rows = assign_tiers(
        make_scores([Decimal("74.9998"), Decimal("74.9999")]),
        tiers=tiers, grades=GRADES, previous=NOBODY_BEFORE,
    )  # fmt: skip
    assert rows["tier"].tolist() == ["sales", "consider_call"]


def test_every_grade_of_the_matrix_is_reached_at_its_boundary():
    cuts = [("75", "A", "1"), ("50", "B", "2"), ("25", "C", "3"), ("0", "D", "4")]
    pairs = [(fit, engagement) for fit in cuts for engagement in cuts]
    rows = tier(
        make_scores(
            [0] * len(pairs),
            fit_score=[Decimal(fit[0]) for fit, _ in pairs],
            engagement_score=[Decimal(engagement[0]) for _, engagement in pairs],
        )
    )
    assert rows["grade"].tolist() == [fit[1] + engagement[2] for fit, engagement in pairs]
    just_below = tier(make_scores([0], fit_score=74.9999, engagement_score=24.9999))
    assert just_below["grade"].item() == "B4"


@pytest.mark.parametrize(("fit", "engagement"), [(None, 80.0), (80.0, None), (None, None)])
def test_an_unknown_axis_gives_no_grade_while_zero_gives_the_lowest(fit, engagement):
    rows = tier(make_scores([80], fit_score=fit, engagement_score=engagement))
    assert rows["grade"].isna().all()
    assert rows["temperature"].item() == "hot"
    assert tier(make_scores([80], fit_score=0, engagement_score=0))["grade"].item() == "D4"


def test_a_temperature_follows_the_total_score():
    rows = tier(make_scores([64.9999, 65, 25.9999, 26, 0]))
    assert rows["temperature"].tolist() == ["warm", "hot", "cold", "warm", "cold"]


def test_an_excluded_lead_keeps_tier_grade_and_stage_and_nobody_acts_on_it():
    rows = tier(make_scores([80, 80], is_excluded=[True, False]))
    assert rows["tier"].tolist() == ["ready_to_buy"] * 2
    assert rows["stage"].tolist() == ["purchase"] * 2
    assert rows["grade"].tolist() == ["B2"] * 2
    assert rows["action"].isna().tolist() == [True, False]
    assert rows["sla_hours"].isna().tolist() == [True, False]
    assert rows["sla_hours"][1] == 4


def test_a_lead_without_response_time_has_none():
    assert tier(make_scores([30]))["sla_hours"].isna().all()


def test_the_day_before_is_remembered():
    before = pd.DataFrame(
        {
            "model_id": "b2b",
            "lead_id": ["L0", "L1", "L2", "L3"],
            "tier": ["sales", "nurture", None, None],
            "tier_since": pd.to_datetime(["2026-05-01", "2026-06-29", "2026-06-01", "2026-06-02"]),
        }
    )
    rows = tier(make_scores([65, 65, 65, -1, 65]), previous=before)
    assert rows["previous_tier"].fillna("-").tolist() == ["sales", "nurture", "-", "-", "-"]
    assert rows["is_new_tier"].tolist() == [False, True, True, False, True]
    since = rows["tier_since"].dt.date.astype(str).tolist()
    assert since == ["2026-05-01", "2026-06-30", "2026-06-30", "2026-06-02", "2026-06-30"]


def test_the_previous_tier_of_another_model_does_not_count():
    before = pd.DataFrame(
        {"model_id": ["other"], "lead_id": ["L0"], "tier": ["sales"], "tier_since": [AS_OF]}
    )
    assert tier(make_scores([65]), previous=before)["previous_tier"].isna().all()


def test_models_have_their_own_thresholds_and_one_without_tiers_has_none():
    scores = make_scores([10, 10, 10], model_id=["b2b", "b2c", "no_tiers"])
    other = TIERS.head(1).assign(model_id="b2c", tier="buy_now", enter_at="10", leave_below="10")
    rows = assign_tiers(
        scores,
        tiers=pd.concat([TIERS, other], ignore_index=True),
        grades=GRADES,
        previous=NOBODY_BEFORE,
    )
    assert rows["tier"].fillna("-").tolist() == ["aware", "buy_now", "-"]


decimals = st.decimals(min_value=-50, max_value=150, places=4, allow_nan=False)


@settings(max_examples=30, deadline=None)
@given(scores=st.lists(st.one_of(st.none(), decimals), min_size=1, max_size=50))
def test_a_tier_is_the_highest_one_reached_whatever_the_scores(scores):
    rows = tier(make_scores(scores))
    steps = sorted((Decimal(at), name) for at, name in TIERS[["enter_at", "tier"]].to_numpy())
    for score, name in zip(scores, rows["tier"].fillna("none"), strict=True):
        reached = [step for at, step in steps if score is not None and score >= at]
        assert name == (reached[-1] if reached else "none")


@settings(max_examples=30, deadline=None)
@given(
    scores=st.lists(st.one_of(st.none(), decimals), min_size=1, max_size=30),
    size=st.integers(min_value=1, max_value=10),
)
def test_tiers_in_chunks_are_the_tiers_in_one_piece(scores, size):
    frame = make_scores(scores)
    pieces = [tier(frame.iloc[at : at + size]) for at in range(0, len(frame), size)]
    pd.testing.assert_frame_equal(
        pd.concat(pieces, ignore_index=True), tier(frame), check_dtype=False
    )


@pytest.fixture
def warehouse(tmp_path):
    return build_warehouse(tmp_path / "leads.duckdb", leads=500, tiered=False)


def read_tiers(connection):
    return connection.execute(
        f"select {', '.join(TIER_COLUMNS)} from lead_tiers order by all"
    ).fetchall()


def read_history(connection):
    return [
        connection.execute(f"from {table} order by all").fetchall()
        for table in ("lead_score_history", "scored_days")
    ]


def test_chunked_writing_gives_the_same_table_as_one_piece(warehouse):
    with open_warehouse(warehouse) as connection:
        assert write_tiers(connection) == {AS_OF: 500}
        whole = read_tiers(connection)
        assert write_tiers(connection, chunk_rows=7) == {AS_OF: 500}
        assert read_tiers(connection) == whole
    assert len(whole) == 500


def test_the_next_day_takes_the_place_of_the_one_before_and_remembers_its_tiers(warehouse):
    with open_warehouse(warehouse) as connection:
        write_tiers(connection)
        connection.execute("create temp table old_tiers as from lead_tiers")
        fill_scores(connection, leads=400, as_of=date(2026, 7, 1), seed=2)
        for _ in range(2):
            assert write_tiers(connection) == {date(2026, 7, 1): 400}
        counts = connection.execute(
            "select as_of_date, count(*) from lead_tiers group by all"
        ).fetchall()
        assert counts == [(date(2026, 7, 1), 400)]
        moved = connection.execute(
            """
            select
                count(*) filter (new.previous_tier is distinct from old.tier),
                count(*) filter (new.is_new_tier = (new.tier = old.tier)),
                count(*) filter (new.is_new_tier and new.tier_since <> new.as_of_date),
                count(*) filter (not new.is_new_tier and new.tier_since <> old.as_of_date),
                count(*) filter (new.is_new_tier)
            from lead_tiers as new
            inner join old_tiers as old using (model_id, lead_id)
            """
        ).fetchone()
        assert moved[:4] == (0, 0, 0, 0)
        assert 0 < moved[4] < 400


def test_a_day_in_the_past_remembers_the_day_before_it_and_not_the_one_after(warehouse):
    def read_before():
        return connection.execute(
            "select as_of_date, count(previous_tier), count(*) filter (not is_new_tier)"
            " from lead_tiers group by all"
        ).fetchall()

    with open_warehouse(warehouse) as connection:
        write_tiers(connection)
        first, between = date(2026, 6, 1), date(2026, 6, 15)
        fill_scores(connection, leads=300, as_of=first)
        write_tiers(connection)
        assert read_before() == [(first, 0, 0)]
        fill_scores(connection, leads=350, as_of=between)
        write_tiers(connection)
        assert read_before() == [(between, 300, 300)]


def test_two_days_of_one_run_follow_each_other(warehouse):
    with open_warehouse(warehouse) as connection:
        connection.execute(
            "insert into lead_scores by name select * replace (as_of_date + 1 as as_of_date)"
            " from lead_scores"
        )
        write_tiers(connection)
        first_seen = connection.execute(
            "select as_of_date, count(*) filter (is_new_tier), count(previous_tier)"
            " from lead_tiers group by all order by all"
        ).fetchall()
        assert [row[1:] for row in first_seen] == [(500, 0), (0, 500)]


@pytest.mark.parametrize("step", ["insert_tiers", "write_day"])
def test_an_error_half_way_leaves_the_day_and_the_history_as_they_were(
    warehouse, monkeypatch, step
):
    import orchestration.lib.decided.tiers as module

    with open_warehouse(warehouse) as connection:
        write_tiers(connection)
        connection.execute("update lead_scores set score = score / 2")
        before = read_tiers(connection), read_history(connection)
        work = getattr(module, step)

        def fail_after_work(*arguments):
            work(*arguments)
            raise RuntimeError("the disk is full")

        monkeypatch.setattr(module, step, fail_after_work)
        with pytest.raises(RuntimeError, match="the disk is full"):
            write_tiers(connection, chunk_rows=100)
        assert (read_tiers(connection), read_history(connection)) == before
        monkeypatch.undo()
        write_tiers(connection)
        assert read_history(connection) != before[1]


def test_rules_of_retired_models_are_left_out(warehouse):
    with open_warehouse(warehouse) as connection:
        connection.execute("update lead_scores set model_id = 'old' where lead_id = 'L000000'")
        write_tiers(connection)
        assert connection.execute(
            "select count(*) from lead_tiers where tier is null"
        ).fetchone() == (1,)


def test_a_threshold_that_is_no_number_is_named(warehouse):
    with open_warehouse(warehouse) as connection:
        connection.execute("update rules.grades set from_score = 'many' where grade = 'A'")
        message = "grades.csv, column from_score: 'many' is not a number"
        with pytest.raises(ValueError, match=message):
            write_tiers(connection)


def test_a_warehouse_held_by_another_process_is_said_in_a_sentence(warehouse):
    import subprocess
    import sys

    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import duckdb; c = duckdb.connect({str(warehouse)!r}); print('open', flush=True);"
            " input()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout.readline() == "open\n"
        with (
            pytest.raises(ValueError, match="held by another process"),
            open_warehouse(warehouse, wait_seconds=0.5),
        ):
            pass
    finally:
        holder.communicate("\n", timeout=10)
    with open_warehouse(warehouse) as connection:
        assert isinstance(connection, duckdb.DuckDBPyConnection)
