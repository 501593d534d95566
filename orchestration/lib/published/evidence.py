"""What belongs here: the questions to a publication about what scores have been worth: what
`leads backtest` found, as page, summary and Dagster show it."""

from typing import Any

import duckdb

from orchestration.lib.basics.rows import Row, fetch_rows

LEAKS = 10
# Scores side by side in one picture of leads with their outcome and without.
SCORE_STEP = 10


def find_evidence(connection: duckdb.DuckDBPyConnection, *, model_id: str) -> dict[str, Any] | None:
    """What is known of a model: confidence (its row of model_confidence), days (auc by back-tested
    day), all (measures of all days together, by metric), gains (share of all outcomes by tenth of
    the leads), bands (stated and came, by band of the probability), scores (leads and outcomes by
    score), promises (rows of tier_promises for tiers, the highest first), leaks. None where it was
    not back-tested."""
    confidence = fetch_rows(
        connection, "from model_confidence where model_id = $model_id", {"model_id": model_id}
    )
    if not confidence:
        return None
    return {
        "confidence": confidence[0],
        "days": find_days(connection, model_id=model_id),
        "all": {row["metric"]: row for row in find_all_days(connection, model_id=model_id)},
        "gains": find_gains(connection, model_id=model_id),
        "bands": find_bands(connection, model_id=model_id),
        "scores": find_scores(connection, model_id=model_id),
        "promises": find_promises(connection, model_id=model_id),
        "leaks": find_leaks(connection, model_id=model_id),
    }


NEWEST = "(select max(as_of_date) from backtest where model_id = $model_id)"


def find_days(connection: duckdb.DuckDBPyConnection, *, model_id: str) -> list[Row]:
    """The auc of all leads on each back-tested day."""
    return fetch_rows(
        connection,
        f"""
        from backtest
        where model_id = $model_id and segment = 'all' and metric = 'auc' and as_of_date < {NEWEST}
        order by as_of_date
        """,
        {"model_id": model_id},
    )


def find_all_days(connection: duckdb.DuckDBPyConnection, *, model_id: str) -> list[Row]:
    """The rows of backtest of all leads on all days together."""
    return fetch_rows(
        connection,
        f"from backtest where model_id = $model_id and segment = 'all' and as_of_date = {NEWEST}",
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


def find_leaks(connection: duckdb.DuckDBPyConnection, *, model_id: str) -> list[Row]:
    """The worst rows of leakage, those that rules name first."""
    return fetch_rows(
        connection,
        "from leakage where model_id = $model_id"
        " order by rules desc, outcomes_with desc, name limit $limit",
        {"model_id": model_id, "limit": LEAKS},
    )
