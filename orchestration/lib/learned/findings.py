"""What belongs here: what a back-test found, in words."""

from datetime import date
from pathlib import Path

import pandas as pd

from orchestration.lib.basics.outcomes import Answer
from orchestration.lib.learned.backtest import Tested
from orchestration.lib.learned.measures import ALL


def answer_tested(tested: list[Tested], *, warehouse: Path) -> Answer:
    """The measures of each model by day, the conversion of its tiers, and what is to be known."""
    lines = []
    for found in tested:
        lines += ["", *describe_model(found)]
    kept = f"All of it: the tables backtest and model_confidence in {warehouse}."
    lines += ["", kept, "`leads run` publishes them, with promises of tiers and probabilities."]
    document = {
        "models": [
            {
                "model_id": found.model_id,
                "measures": found.measures.to_dict("records"),
                "confidence": found.confidence.kind,
                "finding": found.confidence.finding,
            }
            for found in tested
        ]
    }
    return Answer(lines, document)


def describe_model(found: Tested) -> list[str]:
    """A line per day and one for all of them, then the tiers."""
    measures = found.measures
    lines = [
        f"{found.model_id:<12}{'leads':>9}{'outcomes':>10}"
        f"{'AUC (95 %)':>21}{'lift of best 10 %':>20}{'in best 20 %':>14}{'calibration error':>19}"
    ]
    last = measures["as_of_date"].max()
    for day, rows in measures[measures["segment"] == ALL].groupby("as_of_date"):
        lines.append(describe_day(rows.set_index("metric"), "all days" if day == last else day))
    of_all = measures[measures["as_of_date"] == last]
    tiers = of_all[of_all["segment"].str.startswith("tier=")].sort_values("value", ascending=False)
    lines += [f"  {'tier':<30}{'leads':>9}  had their outcome"]
    lines += [
        f"  {row.segment.removeprefix('tier='):<30}{row.leads:>9,}  {row.value:.1%} "
        f"({row.low:.1%} to {row.high:.1%})"
        for row in tiers.itertuples()
    ]
    return lines + ([f"  {found.confidence.finding}"] if found.confidence.finding else [])


def describe_day(rows: pd.DataFrame, name: date | str) -> str:
    """One line of measures, by metric; a dash where there is too little to say."""
    value = rows["value"]
    auc = rows.loc["auc"]
    return (
        f"  {name!s:<10}{rows.loc['auc', 'leads']:>9,}{rows.loc['auc', 'outcomes']:>10,}"
        + (
            f"{auc['value']:>9.3f} ({auc['low']:.2f}–{auc['high']:.2f})"
            if pd.notna(auc["value"]) and pd.notna(auc["low"])
            else f"{'–':>21}"
        )
        + show(value["lift_10"], 20, "{:.1f} ×")
        + show(value["gain_20"], 14, "{:.0%}")
        + show(value["ece"], 19, "{:.3f}")
    )


def show(value: float | None, width: int, form: str) -> str:
    """A number in its column.

    >>> show(2.25, 6, "{:.1f} ×"), show(None, 3, "{:.0%}")
    (' 2.2 ×', '  –')
    """
    return (form.format(value) if pd.notna(value) else "–").rjust(width)
