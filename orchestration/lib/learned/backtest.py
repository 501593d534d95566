"""What belongs here: how well the scores of past days foretold what came of their leads.

The days are scored again in a copy of the warehouse, each by what was known and valid then, with
the newest day beside them, which knows what came. What is counted there goes into the warehouse:
measures (backtest), counts by tier, grade and score (backtest_cohorts), and what probabilities are
made of (model_confidence, confidence_curves).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import TextIO

import duckdb
import pandas as pd

from orchestration.lib.asked.scratch import (
    FOR_TIERS,
    build,
    forget_decisions,
    open_scratch,
    tier,
)
from orchestration.lib.basics.outcomes import WrongUse
from orchestration.lib.basics.progress import count_things, time_step
from orchestration.lib.basics.quoting import quote
from orchestration.lib.basics.rows import Row, fetch_rows
from orchestration.lib.basics.settings import PROJECT_ROOT, Settings, read_days
from orchestration.lib.basics.warehouse import demand_warehouse, hold_warehouse, open_warehouse
from orchestration.lib.learned.calibration import Confidence, Minimums, draw_curve, find_confidence
from orchestration.lib.learned.measures import measure_model

FOLDER = PROJECT_ROOT / "build" / "backtest"

# So many groups of leads are drawn from: enough for an interval, few enough to be counted.
LEAD_GROUPS = 100
# A year of month ends: what comes every year is then in it once.
MONTHS = 12
SEGMENTS = ("lead_source", "country")
# Of an attribute with more values than these the rest is one segment.
MOST_VALUES = 12

# What is kept in the warehouse.
TABLES = ("backtest", "backtest_cohorts", "leakage", "model_confidence", "confidence_curves")

# Leads at risk on each day, in rows that Python can hold: as many as there are different scores.
COUNTS = """
create or replace temp table counts as
select
    model_id,
    as_of_date,
    lead_key % $groups as lead_group,
    cast(score as double) as exact_score,
    cast(round(score) as bigint) as score,
    tier,
    grade,
    deal_stage_pct,
    sales_activities,
    cast(coalesce(worked_weight, 0) as double) as worked_weight,
    count(*) as leads,
    count(*) filter (has_next_outcome) as outcomes
from evidence.cohort_leads
group by all
"""

# The same for the values of an attribute, all days together.
SEGMENT_COUNTS = """
with said as (
    select lead_values.as_of_date, lead_values.lead_no, nullif(attribute_values.value, '') as value
    from scoring.lead_values
    inner join rule_book.named_attributes using (attribute_no)
    inner join intermediate.attribute_values
        on lead_values.value_no = attribute_values.value_no
    where named_attributes.attribute = $attribute
),

leads as (
    select cohort_leads.*, coalesce(said.value, 'unknown') as value
    from evidence.cohort_leads
    left join said using (as_of_date, lead_no)
    where model_id = $model_id
),

common as (
    select value from leads group by all order by count(*) desc, value limit $most
)

select
    case when value in (from common) then value else 'other' end as value,
    lead_key % $groups as lead_group,
    cast(score as double) as exact_score,
    count(*) as leads,
    count(*) filter (has_next_outcome) as outcomes
from leads
group by all
"""


@dataclass(frozen=True)
class Tested:
    """What was found of one model: rows of the table backtest, and its probabilities."""

    model_id: str
    measures: pd.DataFrame
    confidence: Confidence
    curve: pd.DataFrame


def choose_days(text: str, *, as_of: date, horizon_days: int) -> tuple[date, ...]:
    """The days that `text` names, all before `as_of`; without a text the last twelve ends of months
    whose horizon has ended by then. Raises WrongUse where one is not before `as_of`.

    >>> choose_days("", as_of=date(2026, 6, 30), horizon_days=60)[-2:]
    (datetime.date(2026, 3, 31), datetime.date(2026, 4, 30))
    """
    days = read_days(text, name="DAYS")
    if days and days[-1] + timedelta(days=horizon_days) > as_of:
        raise WrongUse(
            f"DAYS is '{text}', but what came of the leads of {days[-1]} is known "
            f"{horizon_days} days later (outcomes.csv), and the newest day is {as_of}."
        )
    if days:
        return days
    return list_month_ends(as_of, horizon=horizon_days)


def list_month_ends(newest: date, *, horizon: int, since: date | None = None) -> tuple[date, ...]:
    """The month ends whose horizon has ended on the day `newest`: those from `since` on, else the
    last MONTHS.

    >>> [str(day) for day in list_month_ends(date(2026, 6, 30), horizon=90,
    ...     since=date(2026, 2, 1))]
    ['2026-02-28', '2026-03-31']
    """
    ends: list[date] = []
    day = newest + timedelta(days=1)
    while len(ends) < MONTHS if since is None else day > since:
        day = day.replace(day=1) - timedelta(days=1)
        if day + timedelta(days=horizon) <= newest and (since is None or day >= since):
            ends.append(day)
    return tuple(reversed(ends))


def back_test(
    settings: Settings, *, days: str, segments: Sequence[str], folder: Path, console: TextIO
) -> list[Tested]:
    """Test the scores of the past as of the newest day of `settings`, keep what is found in the
    warehouse and return it, a model each. Raises ValueError where the rule book or the raw data
    cannot work, or no lead was at risk on any of the days."""
    as_of = settings.as_of_dates[-1]
    demand_warehouse(settings.warehouse)
    with open_scratch(replace(settings, as_of_dates=(as_of,), known="then"), folder) as scratch:
        build(scratch, folder, console, "--select", "+model_outcomes")
        chosen = choose_days(days, as_of=as_of, horizon_days=read_horizon(scratch.warehouse))
        scratch = replace(scratch, as_of_dates=(*chosen, as_of))
        build(
            scratch, folder, console, "--select", *FOR_TIERS, "+cohort_leads", "+leakage_findings"
        )
        forget_decisions(scratch.warehouse)
        tier(scratch, console)
        with time_step(console, "measure", count_things(len(chosen), "day")):
            with open_warehouse(scratch.warehouse) as connection:
                connection.execute(COUNTS, {"groups": LEAD_GROUPS})
                tested = test_models(connection, as_of=as_of, segments=segments)
                write_tables(connection, tested, as_of=as_of)
            if not tested:
                raise WrongUse(
                    f"On none of {count_things(len(chosen), 'day')}, {chosen[0]} to {chosen[-1]}, "
                    "was a lead at risk: choose other days, as leads backtest 2026-03-31."
                )
            copy_tables(scratch.warehouse, settings.warehouse)
    return tested


def read_horizon(warehouse: Path) -> int:
    """The shortest horizon of the models, in days."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        sql = "select min(horizon_days) from rule_book.model_outcomes"
        return connection.execute(sql).fetchone()[0]


def test_models(
    connection: duckdb.DuckDBPyConnection, *, as_of: date, segments: Sequence[str]
) -> list[Tested]:
    """What the counts say of each model."""
    minimums = Minimums(
        *connection.execute(
            "select confidence_outcomes_needed, confidence_others_needed from rule_book.thresholds"
        ).fetchone()
    )
    stages = [
        round(pct)
        for (pct,) in connection.execute(
            "select distinct confidence_pct from rule_book.deal_stages"
        ).fetchall()
    ]
    most = connection.execute("select max(sales_activities) from counts").fetchone()[0]
    found = []
    for model in list_models(connection):
        counts = read_counts(connection, model["model_id"])
        confidence = find_confidence(counts, horizon_days=model["horizon_days"], minimums=minimums)
        by_value = {
            attribute: connection.execute(
                SEGMENT_COUNTS,
                {
                    "attribute": attribute,
                    "model_id": model["model_id"],
                    "most": MOST_VALUES,
                    "groups": LEAD_GROUPS,
                },
            ).df()
            for attribute in segments
        }
        found.append(
            Tested(
                model["model_id"],
                measure_model(counts, confidence.foretold, by_value=by_value, as_of=as_of),
                confidence,
                draw_curve(confidence, counts, stages=stages, activities=int(most))
                if confidence.curve
                else pd.DataFrame(),
            )
        )
    return found


def list_models(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """The models with leads at risk on any day: model_id, horizon_days."""
    return fetch_rows(
        connection,
        """
        select model_id, horizon_days
        from rule_book.model_outcomes
        where model_id in (select model_id from counts)
        order by model_id
        """,
    )


def read_counts(connection: duckdb.DuckDBPyConnection, model_id: str) -> pd.DataFrame:
    """The counts of a model: as_of_date, lead_group, exact_score, score, tier, grade,
    deal_stage_pct, sales_activities, leads, outcomes."""
    counts = connection.execute(
        "select * exclude (model_id) from counts where model_id = ? order by all", [model_id]
    ).df()
    return counts.assign(as_of_date=pd.to_datetime(counts["as_of_date"]).dt.date)


def write_tables(
    connection: duckdb.DuckDBPyConnection, tested: list[Tested], *, as_of: date
) -> None:
    """Write what was found into TABLES of the copy that `connection` is to."""
    for table in TABLES:
        connection.execute(f"delete from main.{table}")
    connection.execute(
        """
        insert into main.backtest_cohorts by name
        select
            model_id, as_of_date, outcome_key, horizon_days, tier, grade, score, deal_stage_pct,
            sales_activities, sum(leads) as leads, sum(outcomes) as outcomes
        from counts
        inner join rule_book.model_outcomes using (model_id)
        group by all
        order by all
        """
    )
    connection.execute("insert into main.leakage by name from evidence.leakage_findings")
    keys = dict(
        connection.execute("select model_id, outcome_key from rule_book.model_outcomes").fetchall()
    )
    for found in tested:
        insert(connection, "backtest", found.measures.assign(model_id=found.model_id))
        if len(found.curve):
            insert(connection, "confidence_curves", found.curve.assign(model_id=found.model_id))
        row = describe_confidence(found, as_of=as_of, key=keys[found.model_id])
        insert(connection, "model_confidence", pd.DataFrame([row]))


def copy_tables(scratch: Path, warehouse: Path) -> None:
    """Put TABLES of the copy into the warehouse, in place of what was found before: all or none."""
    with (
        hold_warehouse(warehouse),
        open_warehouse(warehouse) as connection,
    ):
        connection.execute(f"attach {quote(scratch)} as scratch (read_only)")
        connection.execute("begin")
        for table in TABLES:
            connection.execute(f"delete from main.{table}")
            connection.execute(f"insert into main.{table} by name from scratch.main.{table}")
        connection.execute("commit")
        connection.execute("detach scratch")


def insert(connection: duckdb.DuckDBPyConnection, table: str, rows: pd.DataFrame) -> None:
    """Add rows to a table of the copy."""
    connection.register("rows", rows)
    connection.execute(f"insert into main.{table} by name from rows")
    connection.unregister("rows")


def describe_confidence(found: Tested, *, as_of: date, key: str) -> Row:
    """The row of model_confidence."""
    confidence, drift = found.confidence, found.confidence.drift
    has_drifted = drift is not None and drift.is_there
    return {
        "model_id": found.model_id,
        "fitted_on": as_of,
        "outcome_key": key,
        "kind": confidence.kind,
        "leads": confidence.leads,
        "outcomes": confidence.outcomes,
        "calibration_error": confidence.calibration_error,
        "rate_expected": drift.expected if drift else None,
        "rate_latest": drift.came if drift else None,
        "has_drifted": has_drifted,
        "is_recalibrated": has_drifted,
        "finding": confidence.finding,
    }
