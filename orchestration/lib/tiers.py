"""What belongs here: from a score to what to do about it. Grade, temperature, tier, stage, action
and response time of every lead, all of them read from the rule book's tiers and grades."""

from collections.abc import Iterator
from datetime import date
from decimal import ROUND_CEILING, Decimal, InvalidOperation

import duckdb
import numpy as np
import pandas as pd

from orchestration.lib.history import write_day

CHUNK_ROWS = 200_000

# Scores are decimals of four places: counted in ten-thousandths they are whole numbers, and a
# threshold is met or not met without a doubt.
UNIT = 10_000

KEY = ["model_id", "lead_id"]

TIER_COLUMNS = [
    "as_of_date",
    "model_id",
    "lead_id",
    "grade",
    "temperature",
    "tier",
    "previous_tier",
    "tier_since",
    "is_new_tier",
    "stage",
    "action",
    "sla_hours",
]


def assign_tiers(
    scores: pd.DataFrame, *, tiers: pd.DataFrame, grades: pd.DataFrame, previous: pd.DataFrame
) -> pd.DataFrame:
    """The lead_tiers rows of `scores`, one for one and in their order.

    `scores`: as_of_date, model_id, lead_id, score, fit_score, engagement_score, is_excluded.
    `tiers`: model_id, tier, enter_at, action, sla_hours, stage. `grades`: model_id, axis, grade,
    from_score. `previous`: model_id, lead_id, tier, tier_since of the scored day before, a row at
    most per model and lead. Scores and thresholds are points, of four decimals at most.

    The tier is the one with the highest `enter_at` that the score reaches; below all of them there
    is none. A score that is null has no grade, temperature or tier. Excluded leads keep all but
    action and response time: nobody is to act on them.

    >>> assign_tiers(
    ...     pd.DataFrame({"as_of_date": [date(2026, 6, 30)], "model_id": ["m"], "lead_id": ["1"],
    ...                   "score": [65], "fit_score": [80], "engagement_score": [40],
    ...                   "is_excluded": [False]}),
    ...     tiers=pd.DataFrame({"model_id": ["m", "m"], "tier": ["nurture", "sales"],
    ...                         "enter_at": [0, 65], "action": ["mail", "call"],
    ...                         "sla_hours": [None, 24], "stage": ["interest", "purchase"]}),
    ...     grades=pd.DataFrame({"model_id": ["m", "m"], "axis": ["fit", "engagement"],
    ...                          "grade": ["A", "2"], "from_score": [75, 25]}),
    ...     previous=pd.DataFrame(columns=["model_id", "lead_id", "tier", "tier_since"]),
    ... )[["grade", "tier", "action", "sla_hours", "is_new_tier"]].to_dict("records")
    [{'grade': 'A2', 'tier': 'sales', 'action': 'call', 'sla_hours': 24, 'is_new_tier': True}]
    """
    steps = tiers.rename(columns={"enter_at": "from_score"})
    reached = find_steps(scores["model_id"], scores["score"], steps=steps)
    on_axis = {
        axis: find_steps(
            scores["model_id"],
            scores[column],
            steps=grades[grades["axis"] == axis].reset_index(drop=True),
        )["grade"]
        for axis, column in [
            ("fit", "fit_score"),
            ("engagement", "engagement_score"),
            ("score", "score"),
        ]
    }
    before = scores[KEY].merge(
        previous[[*KEY, "tier", "tier_since"]].assign(was_scored=True),
        on=KEY,
        how="left",
        validate="many_to_one",
    )
    was_scored = before["was_scored"].notna().to_numpy()
    tier = reached["tier"].array
    previous_tier = before["tier"].astype("str").array
    is_same = (tier == previous_tier) | (pd.isna(tier) & pd.isna(previous_tier))
    is_new = ~(was_scored & np.asarray(is_same, dtype=bool))
    as_of = pd.to_datetime(scores["as_of_date"]).to_numpy()
    since = pd.to_datetime(before["tier_since"]).to_numpy()
    to_act_on = ~scores["is_excluded"].to_numpy(dtype=bool)
    return pd.DataFrame(
        {
            "as_of_date": as_of,
            "model_id": scores["model_id"].to_numpy(),
            "lead_id": scores["lead_id"].to_numpy(),
            "grade": (on_axis["fit"] + on_axis["engagement"]).array,
            "temperature": on_axis["score"].array,
            "tier": tier,
            "previous_tier": previous_tier,
            "tier_since": np.where(is_new, as_of, since),
            "is_new_tier": is_new,
            "stage": reached["stage"].array,
            "action": reached["action"].where(to_act_on).array,
            "sla_hours": reached["sla_hours"].where(to_act_on).array,
        },
        columns=TIER_COLUMNS,
    )


def find_steps(model_ids: pd.Series, scores: pd.Series, *, steps: pd.DataFrame) -> pd.DataFrame:
    """For each score the row of `steps` (model_id, from_score, …) of its model with the highest
    from_score that it reaches; nulls where there is none. Index 0 … n − 1."""
    found = np.full(len(scores), -1)
    points = count_units(scores)
    is_known = ~np.isnan(points)
    for model_id, of_model in steps.groupby("model_id"):
        limits = np.array([ceil_units(value) for value in of_model["from_score"]])
        order = np.argsort(limits)
        rows = np.flatnonzero((model_ids == model_id).to_numpy() & is_known)
        place = np.searchsorted(limits[order], points[rows], side="right") - 1
        found[rows] = np.where(place < 0, -1, of_model.index.to_numpy()[order][place])
    # reindex gives nulls for -1: the index of `steps` starts at 0.
    typed = steps.astype(
        {column: "Int64" if column == "sla_hours" else "str" for column in steps.columns}
    )
    return typed.reindex(found).reset_index(drop=True)


def count_units(scores: pd.Series) -> np.ndarray:
    """Scores (numbers or decimals of four places) as floats that hold whole ten-thousandths, NaN
    where null; exact up to 900 billion points.

    >>> count_units(pd.Series([Decimal("74.9999"), 75.0, None])).tolist()
    [749999.0, 750000.0, nan]
    """
    return np.round(scores.astype("float64").to_numpy() * UNIT)


def ceil_units(value: object) -> int:
    """The least score, in ten-thousandths, that reaches the threshold `value`.

    >>> ceil_units("74.99995"), ceil_units(-5)
    (750000, -50000)
    """
    return int((Decimal(str(value)) * UNIT).to_integral_value(ROUND_CEILING))


def write_tiers(
    connection: duckdb.DuckDBPyConnection, *, chunk_rows: int = CHUNK_ROWS
) -> dict[date, int]:
    """Write the lead_tiers rows of every as-of date in lead_scores, the only dates that lead_tiers
    then has, and bring the history to them; returns how many rows per date.

    Each date is one transaction that puts the new rows in place of that date's old ones. Holds no
    more than `chunk_rows` leads in memory. The previous tier is that of the latest earlier day on
    which the same model was scored, in this run or any before.
    """
    tiers = read_rule_seed(connection, "tiers", numbers=["enter_at", "sla_hours"])
    tiers["sla_hours"] = pd.to_numeric(tiers["sla_hours"]).astype("Int64")
    grades = read_rule_seed(connection, "grades", numbers=["from_score"])
    dates = connection.execute(
        "select distinct as_of_date from lead_scores order by as_of_date"
    ).fetchall()
    connection.execute(
        "delete from lead_tiers where as_of_date not in (select as_of_date from lead_scores)"
    )
    written = {}
    for (as_of,) in dates:
        written[as_of] = 0
        connection.execute("begin")
        try:
            connection.execute("delete from lead_tiers where as_of_date = ?", [as_of])
            for scores, previous in read_chunks(connection, as_of, rows=chunk_rows):
                chunk = assign_tiers(scores, tiers=tiers, grades=grades, previous=previous)
                insert_tiers(connection, chunk)
                written[as_of] += len(chunk)
            write_day(connection, as_of)
            connection.execute("commit")
        except BaseException:
            connection.execute("rollback")
            raise
    return written


def read_chunks(
    connection: duckdb.DuckDBPyConnection, as_of: date, *, rows: int
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """The scores of one as-of date in key order, `rows` at a time, each piece with the earlier
    tiers of its leads."""
    # A cursor of its own: the stream goes on while the caller writes on `connection`.
    with connection.cursor() as reader:
        stream = reader.execute(
            """
            with earlier as (
                -- Rows that hold on the day before, or would if it had been scored.
                select model_id, lead_id, tier, tier_since
                from lead_score_history
                where valid_from < $as_of and (valid_to is null or valid_to >= $as_of)
            )

            select
                lead_scores.as_of_date,
                lead_scores.model_id,
                lead_scores.lead_id,
                lead_scores.score,
                lead_scores.fit_score,
                lead_scores.engagement_score,
                lead_scores.is_excluded,
                earlier.tier,
                earlier.tier_since
            from lead_scores
            left join earlier using (model_id, lead_id)
            where lead_scores.as_of_date = $as_of
            order by lead_scores.model_id, lead_scores.lead_id
            """,
            {"as_of": as_of},
        ).to_arrow_reader(rows)
        for batch in stream:
            chunk = batch.to_pandas()
            was_scored = chunk["tier_since"].notna()
            yield (
                chunk.drop(columns=["tier", "tier_since"]),
                chunk.loc[was_scored, [*KEY, "tier", "tier_since"]],
            )


def insert_tiers(connection: duckdb.DuckDBPyConnection, chunk: pd.DataFrame) -> None:
    """Append the rows of `chunk` to lead_tiers."""
    connection.register("tier_chunk", chunk)
    connection.execute("insert into lead_tiers by name select * from tier_chunk")
    connection.unregister("tier_chunk")


def read_rule_seed(
    connection: duckdb.DuckDBPyConnection, seed: str, *, numbers: list[str]
) -> pd.DataFrame:
    """The rows of a rule book table for the models that are scored, with `numbers` as decimals
    and null for blank cells. Raises ValueError where such a cell is no number."""
    rows = connection.execute(
        f"""
        select {seed}.*
        from rules.{seed} as {seed}
        inner join rules.models as models on trim({seed}.model_id) = trim(models.model_id)
        where lower(trim(models.role)) in ('champion', 'challenger')
        """
    ).df()
    rows = rows.apply(lambda column: column.astype("str").str.strip().replace("", None))
    for column in numbers:
        rows[column] = (
            rows[column]
            .astype(object)
            .map(
                lambda text, column=column: read_number(text, place=f"{seed}.csv, column {column}"),
                na_action="ignore",
            )
        )
    return rows


def read_number(text: str, *, place: str) -> Decimal:
    """`text` as a decimal; ValueError naming `place` where it is none.

    >>> read_number("4.5", place="tiers.csv, column enter_at")
    Decimal('4.5')
    """
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{place}: '{text}' is not a number.") from None
