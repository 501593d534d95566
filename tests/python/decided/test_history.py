"""What belongs here: that the history of scores and tiers holds every scored day exactly, in the
fewest rows, in whatever order the days were scored."""

from datetime import date, timedelta
from decimal import Decimal

import duckdb
from fake_warehouse import TABLES, build_warehouse
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.lib.basics.warehouse import open_warehouse
from orchestration.lib.decided.history import describe_part, write_day
from orchestration.lib.decided.tiers import write_tiers

FIRST = date(2026, 6, 1)

# As docs/how-to/read-a-past-day.md has it.
READ_DAY = """
select model_id, lead_id, score, tier, tier_since
from lead_score_history
where valid_from <= $day and (valid_to is null or $day < valid_to)
"""


def write_content(connection, day, content):
    """Write the history of a day; `content`: (model, lead) -> (score, tier)."""
    connection.execute("delete from lead_scores; delete from lead_tiers")
    for (model_id, lead_id), (score, tier) in content.items():
        row = {"day": day, "model": model_id, "lead": lead_id}
        connection.execute(
            "insert into lead_scores (as_of_date, model_id, lead_id, score)"
            " values ($day, $model, $lead, $score)",
            row | {"score": score},
        )
        connection.execute(
            "insert into lead_tiers (as_of_date, model_id, lead_id, tier)"
            " values ($day, $model, $lead, $tier)",
            row | {"tier": tier},
        )
    connection.execute("begin")
    write_day(connection, day)
    connection.execute("commit")


def fold_days(days):
    """The history of `days` (model -> day -> lead -> (whole score, tier)), one lead and one day
    after the other."""
    history = []
    for model_id, of_model in days.items():
        for lead_id in {lead_id for content in of_model.values() for lead_id in content}:
            row = None
            for day in sorted(of_model):
                value = of_model[day].get(lead_id)
                if row and value == (row["score"], row["tier"]):
                    continue
                if row:
                    history.append((*row.values(), day))
                since = row["since"] if row and value and row["tier"] == value[1] else day
                row = value and {
                    "model": model_id, "lead": lead_id, "score": value[0], "tier": value[1],
                    "since": since, "from": day,
                }  # fmt: skip
            if row:
                history.append((*row.values(), None))
    return sorted(history, key=repr)


def read_history(connection):
    rows = connection.execute(
        "select model_id, lead_id, score, tier, tier_since, valid_from, valid_to"
        " from lead_score_history"
    ).fetchall()
    return sorted(rows, key=repr)


def read_parts(connection):
    """The rows of each part of the history by its id; every row is in one."""
    parts = {
        written_id: connection.execute(
            f"from lead_score_history where {describe_part(part)} order by all"
        ).fetchall()
        for part, written_id in connection.execute("from lead_score_history_parts").fetchall()
    }
    assert all(parts.values())
    assert sum(map(len, parts.values())) == len(read_history(connection))
    return parts


# Few values, so that equal ones meet often.
VALUES = st.tuples(
    st.sampled_from([None, Decimal("1"), Decimal("2")]), st.sampled_from([None, "low", "high"])
)
WRITES = st.lists(
    st.tuples(
        # Over two months, so that there are parts that a day does not touch.
        st.integers(0, 6).map(lambda days: FIRST + timedelta(9 * days)),
        st.dictionaries(
            st.tuples(st.sampled_from(["m", "n"]), st.sampled_from(["1", "2", "3"])), VALUES
        ),
    ),
    min_size=3,
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(writes=WRITES)
def test_whatever_the_order_and_repeats_the_history_is_that_of_days_written_once_in_order(writes):
    days, parts = {}, {}
    with duckdb.connect() as connection:
        connection.execute(TABLES)
        for day, content in writes:
            write_content(connection, day, content)
            # A part that kept its id has the rows it had.
            for written_id, rows in read_parts(connection).items():
                assert parts.setdefault(written_id, rows) == rows
            for model_id in {model_id for model_id, _ in content}:
                days.setdefault(model_id, {})[day] = {
                    lead_id: value for (model, lead_id), value in content.items()
                    if model == model_id
                }  # fmt: skip
            assert read_history(connection) == fold_days(days)
        assert sorted(connection.execute("from scored_days").fetchall()) == sorted(
            (model_id, day) for model_id, of_model in days.items() for day in of_model
        )
        for day in {day for of_model in days.values() for day in of_model}:
            read = connection.execute(READ_DAY, {"day": day}).fetchall()
            for model_id, of_model in days.items():
                if day in of_model:
                    found = [row for row in read if row[0] == model_id]
                    assert {lead_id: value for _, lead_id, *value, _ in found} == {
                        lead_id: list(value) for lead_id, value in of_model[day].items()
                    }
                    assert len(found) == len(of_model[day])
        assert count_faults(connection) == (0, 0)


def count_faults(connection):
    """Rows that overlap the next of their lead, and rows that could be one with it."""
    return connection.execute(
        """
        with paired as (
            select
                *,
                lead(valid_from) over of_lead as next_from,
                lead(score) over of_lead as next_score,
                lead(tier) over of_lead as next_tier
            from lead_score_history
            window of_lead as (partition by model_id, lead_id order by valid_from)
        )

        select
            count(*) filter (coalesce(valid_to, 'infinity') > next_from),
            count(*) filter (
                valid_to = next_from
                and score is not distinct from next_score
                and tier is not distinct from next_tier
            )
        from paired
        """
    ).fetchone()


# Each step scores the lead on one day of June (None: it is not scored) and gives the whole history
# after it: from, to, whole score, tier, tier since, as days of June.
GOLDEN = [
    ("the first day", 1, "64.4", [(1, None, 64, "nurture_close", 1)]),
    ("another whole score in the same tier", 2, "64.5",
     [(1, 2, 64, "nurture_close", 1), (2, None, 65, "nurture_close", 1)]),
    ("the same whole score in another tier", 3, "65.2",
     [(1, 2, 64, "nurture_close", 1), (2, 3, 65, "nurture_close", 1), (3, None, 65, "sales", 3)]),
    ("not scored", 5, None,
     [(1, 2, 64, "nurture_close", 1), (2, 3, 65, "nurture_close", 1), (3, 5, 65, "sales", 3)]),
    ("scored again: the gap stays and the tier begins anew", 8, "65.2",
     [(1, 2, 64, "nurture_close", 1), (2, 3, 65, "nurture_close", 1), (3, 5, 65, "sales", 3),
      (8, None, 65, "sales", 8)]),
    ("the latest day again", 8, "65.2",
     [(1, 2, 64, "nurture_close", 1), (2, 3, 65, "nurture_close", 1), (3, 5, 65, "sales", 3),
      (8, None, 65, "sales", 8)]),
    ("a day between: it holds until the next one that is scored", 4, "66",
     [(1, 2, 64, "nurture_close", 1), (2, 3, 65, "nurture_close", 1), (3, 4, 65, "sales", 3),
      (4, 5, 66, "sales", 3), (8, None, 65, "sales", 8)]),
    ("a day in the gap: the row after it begins earlier", 6, "65.2",
     [(1, 2, 64, "nurture_close", 1), (2, 3, 65, "nurture_close", 1), (3, 4, 65, "sales", 3),
      (4, 5, 66, "sales", 3), (6, None, 65, "sales", 6)]),
    ("the gap is filled: in the tier since the 3rd without a break", 5, "65.2",
     [(1, 2, 64, "nurture_close", 1), (2, 3, 65, "nurture_close", 1), (3, 4, 65, "sales", 3),
      (4, 5, 66, "sales", 3), (5, None, 65, "sales", 3)]),
    ("a day between is corrected: its neighbours become one row", 4, "65.2",
     [(1, 2, 64, "nurture_close", 1), (2, 3, 65, "nurture_close", 1), (3, None, 65, "sales", 3)]),
    ("a day between is corrected: the tier is entered later", 3, "64.9",
     [(1, 2, 64, "nurture_close", 1), (2, 4, 65, "nurture_close", 1), (4, None, 65, "sales", 4)]),
    ("the latest day is corrected", 8, "80",
     [(1, 2, 64, "nurture_close", 1), (2, 4, 65, "nurture_close", 1), (4, 8, 65, "sales", 4),
      (8, None, 80, "ready_to_buy", 8)]),
    ("not scored on a day between", 2, None,
     [(1, 2, 64, "nurture_close", 1), (3, 4, 65, "nurture_close", 3), (4, 8, 65, "sales", 4),
      (8, None, 80, "ready_to_buy", 8)]),
    ("an unknown score has no tier", 9, "unknown",
     [(1, 2, 64, "nurture_close", 1), (3, 4, 65, "nurture_close", 3), (4, 8, 65, "sales", 4),
      (8, 9, 80, "ready_to_buy", 8), (9, None, None, None, 9)]),
]  # fmt: skip


def test_a_golden_history_step_by_step(tmp_path):
    """The lead L000001; L000000 is there so that each day is scored for somebody."""
    path = build_warehouse(tmp_path / "leads.duckdb", leads=2, tiered=False)
    with open_warehouse(path) as connection:
        connection.execute("create temp table template as from lead_scores")
        for what, day, score, expected in GOLDEN:
            connection.execute(
                """
                delete from lead_scores;
                insert into lead_scores
                select * replace (date '2026-06-01' + $day - 1 as as_of_date) from template;
                """.replace("$day", str(day))
            )
            if score is None:
                connection.execute("delete from lead_scores where lead_id = 'L000001'")
            else:
                connection.execute(
                    "update lead_scores set score = ? where lead_id = 'L000001'",
                    [None if score == "unknown" else Decimal(score)],
                )
            write_tiers(connection)
            rows = connection.execute(
                """
                select day(valid_from), day(valid_to), score, tier, day(tier_since)
                from lead_score_history
                where lead_id = 'L000001'
                order by valid_from
                """
            ).fetchall()
            assert rows == expected, what
            other = connection.execute(
                "select count(*) from lead_score_history where lead_id = 'L000000'"
            )
            assert other.fetchone() == (1,), what


def test_a_tier_entered_earlier_by_a_backfill_is_carried_through_all_its_later_rows():
    with duckdb.connect() as connection:
        connection.execute(TABLES)
        scores = {3: 10, 5: 11, 7: 12, 9: 13}
        for day, score in scores.items():
            write_content(connection, FIRST + timedelta(day), {("m", "1"): (score, "low")})
        write_content(connection, FIRST + timedelta(11), {("m", "1"): (13, "high")})
        write_content(connection, FIRST + timedelta(1), {("m", "1"): (9, "low")})
        assert read_since(connection) == [1, 1, 1, 1, 1, 11]
        write_content(connection, FIRST + timedelta(5), {("m", "1"): (11, "high")})
        assert read_since(connection) == [1, 1, 5, 7, 7, 11]


def read_since(connection):
    rows = connection.execute("select tier_since from lead_score_history order by valid_from")
    return [(since - FIRST).days for (since,) in rows.fetchall()]


def test_whole_scores_are_rounded_half_away_from_zero():
    scores = {"0.5": 1, "1.4999": 1, "1.5": 2, "2.5": 3, "-0.5": -1, "-1.4999": -1, "-2.5": -3}
    with duckdb.connect() as connection:
        connection.execute(TABLES)
        content = {("m", score): (Decimal(score), None) for score in scores}
        write_content(connection, FIRST, content)
        rows = connection.execute("select lead_id, score from lead_score_history").fetchall()
        assert dict(rows) == scores


def test_a_model_that_is_no_longer_scored_keeps_its_history():
    with duckdb.connect() as connection:
        connection.execute(TABLES)
        write_content(connection, FIRST, {("m", "1"): (1, "low"), ("n", "1"): (1, "low")})
        write_content(connection, FIRST + timedelta(1), {("m", "1"): (2, "low")})
        read = connection.execute(READ_DAY, {"day": FIRST + timedelta(1)}).fetchall()
        assert sorted(read) == [
            ("m", "1", 2, "low", FIRST), ("n", "1", 1, "low", FIRST),
        ]  # fmt: skip
        assert sorted(connection.execute("from scored_days").fetchall()) == [
            ("m", FIRST), ("m", FIRST + timedelta(1)), ("n", FIRST),
        ]  # fmt: skip


def test_rows_that_are_over_lie_apart_from_those_that_are_still_so():
    with duckdb.connect() as connection:
        connection.execute(TABLES)
        for day in range(3):
            content = {("m", "moves"): (day, "low"), ("m", "stays"): (5, "low")}
            write_content(connection, FIRST + timedelta(day), content)
        counts = connection.execute(
            "select (select count(*) from lead_score_current),"
            " (select count(*) from lead_score_past)"
        ).fetchone()
        assert counts == (2, 2)
