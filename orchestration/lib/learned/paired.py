"""What belongs here: two rule books on the same leads of the same past days: which of them ranks
better, what becomes of those whom their tiers hand over, and whom one of them loses.

What came of a lead is what the first rule book calls its outcome, so that none of them is judged by
a yardstick of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from orchestration.lib.basics.quoting import quote
from orchestration.lib.basics.warehouse import open_warehouse
from orchestration.lib.learned.backtest import LEAD_GROUPS
from orchestration.lib.learned.measures import FINEST
from orchestration.lib.learned.metrics import (
    DRAWS,
    Measured,
    draw_auc,
    find_interval,
    has_both,
    measure_ranking,
    measure_share,
)

# Each warehouse keeps its side as a table: its views cannot be read from another file.
SIDE = "main.gate_side"

# Who was at risk on each day, and what came: the outcome within the horizon, or a deal, of the
# lead or its account, that has been won since.
FIRST_SIDE = f"""
create or replace table {SIDE} as
select
    cohort_leads.model_id,
    cohort_leads.as_of_date,
    cohort_leads.lead_id,
    cohort_leads.lead_key % $groups as lead_group,
    cast(cohort_leads.score as double) as score,
    coalesce(model_tiers.hands_over, false) as is_handed_over,
    cohort_leads.has_next_outcome,
    coalesce(won.won_on > cohort_leads.as_of_date, false) as is_won
from evidence.cohort_leads
left join rule_book.model_tiers
    on cohort_leads.model_id = model_tiers.model_id and cohort_leads.tier = model_tiers.tier
left join evidence.cohort_won_deals as won
    on cohort_leads.lead_no = won.lead_no and cohort_leads.model_no = won.model_no
"""

# How the other rule book saw any lead on these days.
SECOND_SIDE = f"""
create or replace table {SIDE} as
select
    lead_scores.model_id,
    lead_scores.as_of_date,
    lead_scores.lead_id,
    cast(lead_scores.score as double) as score,
    coalesce(model_tiers.hands_over and not lead_scores.is_excluded, false) as is_handed_over
from lead_scores
left join lead_tiers using (as_of_date, model_id, lead_id)
left join rule_book.model_tiers
    on lead_tiers.model_id = model_tiers.model_id and lead_tiers.tier = model_tiers.tier
where lead_scores.score is not null
"""

PAIRED = f"""
select
    first_side.as_of_date,
    first_side.lead_id,
    first_side.lead_group,
    first_side.score as score_before,
    second_side.score as score_after,
    first_side.is_handed_over as was_handed_over,
    second_side.is_handed_over,
    first_side.has_next_outcome,
    first_side.has_next_outcome or first_side.is_won as is_won
from first.{SIDE} as first_side
inner join second.{SIDE} as second_side
    on
        first_side.as_of_date = second_side.as_of_date
        and first_side.lead_id = second_side.lead_id
where first_side.model_id = $before and second_side.model_id = $after
"""


@dataclass(frozen=True)
class Paired:
    """What past days say of a model before and after. `difference` and `share` are of the AUC after
    to that before, with intervals, None where too few leads tell; `handed_over` the conversion of
    tiers that hand over, None where they held nobody; `won` leads were handed over before and their
    outcome or a won deal came, of these `lost` would not be; `found` only would be after."""

    leads: int
    outcomes: int
    auc_before: float | None
    auc_after: float | None
    difference: Measured | None
    share: Measured | None
    handed_over_before: Measured | None
    handed_over_after: Measured | None
    won: int
    lost: int
    found: int


def keep_first_side(warehouse: Path) -> None:
    """Keep what the first rule book said of those at risk, and what came of them by the newest day
    that was scored."""
    with open_warehouse(warehouse) as connection:
        connection.execute(FIRST_SIDE, {"groups": LEAD_GROUPS})


def keep_second_side(warehouse: Path) -> None:
    """Keep what the second rule book said of everybody."""
    with open_warehouse(warehouse) as connection:
        connection.execute(SECOND_SIDE)


def compare_past(
    first: Path, second: Path, *, models: Sequence[tuple[str, str]]
) -> dict[str, Paired]:
    """What the sides kept in two warehouses say of each pair of models, before and after; by the
    second."""
    with duckdb.connect() as connection:
        connection.execute(f"attach {quote(first)} as first (read_only)")
        connection.execute(f"attach {quote(second)} as second (read_only)")
        return {
            after: compare_pair(connection.execute(PAIRED, {"before": before, "after": after}).df())
            for before, after in models
        }


def compare_pair(paired: pd.DataFrame) -> Paired:
    """What the rows of PAIRED say, one per day and lead."""
    outcomes = int(paired["has_next_outcome"].sum())
    by_lead = paired[paired["is_won"]].groupby("lead_id")[["was_handed_over", "is_handed_over"]]
    won = by_lead.any().astype(bool)
    sides = {side: count_side(paired, f"score_{side}") for side in ("before", "after")}
    aucs = {
        side: measure_ranking(counts)["auc"] if has_both(counts) else None
        for side, counts in sides.items()
    }
    difference, share = draw_comparison(**sides, aucs=aucs) if has_both(sides["after"]) else (
        None, None,
    )  # fmt: skip
    return Paired(
        leads=len(paired),
        outcomes=outcomes,
        auc_before=aucs["before"],
        auc_after=aucs["after"],
        difference=difference,
        share=share,
        handed_over_before=measure_handed_over(paired, "was_handed_over"),
        handed_over_after=measure_handed_over(paired, "is_handed_over"),
        won=int(won["was_handed_over"].sum()),
        lost=int((won["was_handed_over"] & ~won["is_handed_over"]).sum()),
        found=int((won["is_handed_over"] & ~won["was_handed_over"]).sum()),
    )


def count_side(paired: pd.DataFrame, column: str) -> pd.DataFrame:
    """Leads and outcomes by group and score."""
    return (
        paired.rename(columns={column: "score"})
        .groupby(["lead_group", "score"], as_index=False)
        .agg(leads=("has_next_outcome", "size"), outcomes=("has_next_outcome", "sum"))
    )


def measure_handed_over(paired: pd.DataFrame, column: str) -> Measured | None:
    """The conversion of leads in tiers that hand over, a lead on each of its days."""
    rows = paired[paired[column]]
    return measure_share(int(rows["has_next_outcome"].sum()), len(rows)) if len(rows) else None


def draw_comparison(
    before: pd.DataFrame, after: pd.DataFrame, *, aucs: dict[str, float], draws: int = DRAWS
) -> tuple[Measured, Measured]:
    """Difference and share of the AUCs with their 95 % intervals. Both sides are drawn alike, for
    their leads are the same: what luck does to one it does to the other."""
    drawn = [
        draw_auc(counts.assign(score=counts["score"].round(FINEST)), draws=draws)
        for counts in (before, after)
    ]
    size = (int(before["leads"].sum()), int(before["outcomes"].sum()))

    def make(value: float, of_draws: np.ndarray) -> Measured:
        return Measured(value, *find_interval(value, of_draws), *size)

    first, second = aucs["before"], aucs["after"]
    return make(second - first, drawn[1] - drawn[0]), make(second / first, drawn[1] / drawn[0])
