"""What belongs here: the questions to a publication about what scores have been worth: what
`leads backtest` found, as page, summary and Dagster show it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lib.basics.rows import Row, fetch_rows

LEAKS = 10
PROFILE_ROWS = 12
# Scores side by side in one picture of leads with their outcome and without.
SCORE_STEP = 10


def find_evidence(connection: duckdb.DuckDBPyConnection, *, model_id: str) -> dict[str, Any] | None:
    """What is known of a model: confidence (its row of model_confidence; None where it was not
    back-tested), days (auc by back-tested day), all (measures of all days together, by metric),
    gains (share of all outcomes by tenth of the leads), bands (stated and came, by band of the
    probability), scores (leads and outcomes by score), promises (rows of tier_promises for tiers,
    the highest first), checks (promises that were held against what came, the latest first), leaks.
    None where it was not back-tested and no horizon of its history has ended."""
    confidence = fetch_rows(
        connection, "from model_confidence where model_id = $model_id", {"model_id": model_id}
    )
    promises = find_promises(connection, model_id=model_id)
    if not confidence and not any(row["leads"] for row in promises):
        return None
    measures = find_measures(connection, model_id=model_id) if confidence else []
    tested_on = confidence[0]["fitted_on"] if confidence else None
    return {
        "confidence": confidence[0] if confidence else None,
        "days": [
            row for row in measures if row["metric"] == "auc" and row["as_of_date"] < tested_on
        ],
        "all": {row["metric"]: row for row in measures if row["as_of_date"] == tested_on},
        "gains": find_gains(connection, model_id=model_id),
        "bands": find_bands(connection, model_id=model_id),
        "scores": find_scores(connection, model_id=model_id),
        "promises": promises,
        "checks": find_checks(connection, model_id=model_id),
        "leaks": find_leaks(connection, model_id=model_id),
    }


NEWEST = "(select max(as_of_date) from backtest where model_id = $model_id)"


def find_measures(connection: duckdb.DuckDBPyConnection, *, model_id: str) -> list[Row]:
    """The rows of backtest of all leads, day by day; the newest day stands for all of them."""
    return fetch_rows(
        connection,
        "from backtest where model_id = $model_id and segment = 'all' order by as_of_date",
        {"model_id": model_id},
    )


def find_gains(connection: duckdb.DuckDBPyConnection, *, model_id: str) -> list[float]:
    """The share of all outcomes that the best tenth of the leads has, the best two tenths …"""
    rows = fetch_rows(
        connection,
        f"""
        select value
        from backtest
        where model_id = $model_id and metric = 'gain' and as_of_date = {NEWEST}
        order by cast(split_part(segment, '=', 2) as integer)
        """,
        {"model_id": model_id},
    )
    return [row["value"] for row in rows]


def find_bands(connection: duckdb.DuckDBPyConnection, *, model_id: str) -> list[Row]:
    """What was stated and what came, the lowest probabilities first: stated, came, low, high,
    leads."""
    return fetch_rows(
        connection,
        f"""
        select stated.value as stated, came.value as came, came.low, came.high, came.leads
        from backtest as stated
        inner join backtest as came using (model_id, as_of_date, segment)
        where model_id = $model_id and as_of_date = {NEWEST}
            and stated.metric = 'stated' and came.metric = 'conversion'
        order by stated
        """,
        {"model_id": model_id},
    )


def find_scores(connection: duckdb.DuckDBPyConnection, *, model_id: str) -> list[Row]:
    """By tens of scores, the lowest first: from_score, with_outcome and without_outcome, shares of
    the leads that had their outcome and of those that had not."""
    return fetch_rows(
        connection,
        """
        select
            cast(floor(score / $width) * $width as bigint) as from_score,
            sum(outcomes) / nullif(sum(sum(outcomes)) over (), 0) as with_outcome,
            sum(leads - outcomes) / nullif(sum(sum(leads - outcomes)) over (), 0) as without_outcome
        from backtest_cohorts
        where model_id = $model_id
        group by all
        order by from_score
        """,
        {"model_id": model_id, "width": SCORE_STEP},
    )


def find_promises(connection: duckdb.DuckDBPyConnection, *, model_id: str) -> list[Row]:
    """The rows of tier_promises for the tiers of a model, the highest first."""
    return fetch_rows(
        connection,
        "from tier_promises where model_id = $model_id and kind = 'tier' order by place desc",
        {"model_id": model_id},
    )


def find_checks(connection: duckdb.DuckDBPyConnection, *, model_id: str) -> list[Row]:
    """The rows of promise_checks for the tiers of a model of which it is known whether the promise
    was kept, the latest day first and on it the highest tier."""
    return fetch_rows(
        connection,
        """
        select promise_checks.*
        from promise_checks
        inner join tier_promises using (model_id, kind, name)
        where model_id = $model_id and kind = 'tier' and promise_checks.kept is not null
        order by promise_checks.promised_on desc, tier_promises.place desc
        """,
        {"model_id": model_id},
    )


def find_profile(connection: duckdb.DuckDBPyConnection, *, model_id: str) -> dict[str, list[Row]]:
    """What stands out in the ideal customer profile of a model: `more`, what those with the outcome
    have more often, the surest first; `less`, the surest first as well; PROFILE_ROWS of each at
    most."""
    rows = fetch_rows(
        connection,
        "from ideal_customer_profile where model_id = $model_id and stands_out is not null"
        " order by place",
        {"model_id": model_id},
    )
    more = [row for row in rows if row["stands_out"] == "more"]
    less = [row for row in reversed(rows) if row["stands_out"] == "less"]
    return {"more": more[:PROFILE_ROWS], "less": less[:PROFILE_ROWS]}


def find_leaks(connection: duckdb.DuckDBPyConnection, *, model_id: str) -> list[Row]:
    """The worst rows of leakage, those that rules name first."""
    return fetch_rows(
        connection,
        "from leakage where model_id = $model_id"
        " order by rules desc, outcomes_with desc, name limit $limit",
        {"model_id": model_id, "limit": LEAKS},
    )


def measure_for_records(folder: Path, models: Iterable[str]) -> tuple[dict[str, float], str]:
    """What Dagster keeps of a publication in `folder`: numbers by name, which it draws over its
    runs, and the promises of tiers as a table in Markdown."""
    numbers: dict[str, float] = {}
    lines = ["| model | tier | promise | leads | kept |", "| --- | --- | --- | ---: | --- |"]
    with duckdb.connect(str(folder / "leads.duckdb"), read_only=True) as connection:
        for model_id in models:
            found = find_evidence(connection, model_id=model_id)
            if not found:
                continue
            numbers |= {
                f"{metric}_{model_id}": row["value"]
                for metric, row in found["all"].items()
                if row["value"] is not None
            }
            lines += [describe_promise(row) for row in found["promises"]]
    return numbers, "\n".join(lines)


def describe_promise(row: Row) -> str:
    """A row of the table.

    >>> describe_promise({"model_id": "b2b", "name": "sales", "rate": 0.175, "low": 0.14,
    ...                   "high": 0.21, "horizon_days": 90, "leads": 400, "kept": False})
    '| b2b | sales | 18% (14%–21%) within 90 days | 400 | broken |'
    """
    promise = "too few"
    if row["rate"] is not None:
        promise = f"{row['rate']:.0%} ({row['low']:.0%}–{row['high']:.0%})"
        promise += f" within {row['horizon_days']} days"
    kept = {True: "yes", False: "broken", None: "–"}[row["kept"]]
    return f"| {row['model_id']} | {row['name']} | {promise} | {row['leads']:,} | {kept} |"
