"""What belongs here: how often the leads of each tier truly converted, counted on leads that the
rule book was not made from.

    python -m examples.conversion olist

Reads what `leads example` left under build/examples: the published scores, and the raw
leads and opportunities for when each lead came and whether it converted.
"""

import argparse
import sys
from collections.abc import Callable
from math import sqrt

import duckdb
import numpy as np
import pandas as pd

from examples.catalogue import Example, find_example

# 95 % of a normal distribution lie within so many standard deviations.
Z = 1.959964


def read_outcomes(example: Example) -> pd.DataFrame:
    """One row per lead that was scored: lead_id, score, tier, created_on, period, has_converted.

    `period` is `earlier` for the leads the rule book was made from, with what was known of them
    before `split_on`; `later` for those from `split_on` on; `before` for those that came before
    `learn_from`. Raises ValueError where the example was not scored yet.
    """
    files = {
        "scores": example.published / "scored_leads.parquet",
        "leads": example.raw / "crm" / "leads.parquet",
        "opportunities": example.raw / "crm" / "opportunities.parquet",
    }
    if not all(path.is_file() for path in files.values()):
        raise ValueError(
            f"The example {example.name} was not scored yet: run "
            f"`leads example {example.name} --data <folder of the downloaded files>` first."
        )
    return duckdb.execute(
        """
        with

        leads as (

            select trim(lead_id) as lead_id, min(try_cast(created_at as date)) as created_on
            from read_parquet($leads)
            group by 1

        ),

        won as (

            select trim(lead_id) as lead_id, min(try_cast(closed_at as date)) as won_on
            from read_parquet($opportunities)
            where is_won = 'true'
            group by 1

        )

        select
            scores.lead_id,
            cast(scores.score as double) as score,
            scores.tier,
            leads.created_on,
            case
                when leads.created_on >= $split_on then 'later'
                when leads.created_on >= $learn_from then 'earlier'
                else 'before'
            end as period,
            won.won_on is not null
            and won.won_on - leads.created_on <= $within_days
            and (leads.created_on >= $split_on or won.won_on < $split_on) as has_converted
        from read_parquet($scores) as scores
        inner join leads using (lead_id)
        left join won using (lead_id)
        order by scores.lead_id
        """,
        {name: str(path) for name, path in files.items()}
        | {
            "split_on": example.split_on,
            "learn_from": example.learn_from,
            "within_days": example.within_days,
        },
    ).df()


def find_interval(converted: int, leads: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share, as shares of 1.

    >>> [round(end, 3) for end in find_interval(10, 100)]
    [0.055, 0.174]
    """
    share = converted / leads
    middle = share + Z**2 / (2 * leads)
    reach = Z * sqrt(share * (1 - share) / leads + Z**2 / (4 * leads**2))
    whole = 1 + Z**2 / leads
    return max(0.0, (middle - reach) / whole), min(1.0, (middle + reach) / whole)


def measure_auc(scores: pd.Series, has_converted: pd.Series) -> float:
    """The chance that a lead that converted scores above one that did not, ties counted half;
    NaN where all or none converted.

    >>> measure_auc(pd.Series([3, 2, 2, 1]), pd.Series([True, True, False, False]))
    0.875
    """
    ranks = scores.rank()
    converted = int(has_converted.sum())
    others = len(scores) - converted
    if not converted or not others:
        return float("nan")
    ranks_above_least = ranks[has_converted].sum() - converted * (converted + 1) / 2
    return float(ranks_above_least / (converted * others))


def measure_auc_within(groups: pd.Series, scores: pd.Series, has_converted: pd.Series) -> float:
    """As `measure_auc`, but only leads of the same group are compared, every pair counted once.

    >>> measure_auc_within(
    ...     pd.Series(["May", "May", "June", "June"]),
    ...     pd.Series([3, 2, 2, 1]),
    ...     pd.Series([True, False, False, True]),
    ... )
    0.5
    """
    better, pairs = 0.0, 0
    for _, has_group_converted in has_converted.groupby(groups):
        converted = int(has_group_converted.sum())
        count = converted * (len(has_group_converted) - converted)
        if count:
            better += count * measure_auc(scores[has_group_converted.index], has_group_converted)
            pairs += count
    return better / pairs if pairs else float("nan")


def measure_share_in_better_half(scores: pd.Series, has_converted: pd.Series) -> float:
    """The share of all conversions, 0 to 1, in the half of the leads with the higher scores. Of the
    leads that tie at the border, as large a share of their conversions counts as of themselves.

    >>> measure_share_in_better_half(pd.Series([3, 2, 2, 1]), pd.Series([True, True, False, False]))
    0.75
    """
    by_score = (
        pd.DataFrame({"score": scores, "converted": has_converted})
        .groupby("score")["converted"]
        .agg(["size", "sum"])
        .sort_index(ascending=False)
    )
    leads = np.concatenate([[0], by_score["size"].cumsum()])
    converted = np.concatenate([[0], by_score["sum"].cumsum()])
    return float(np.interp(len(scores) / 2, leads, converted) / converted[-1])


def describe_conversion(example: Example, outcomes: pd.DataFrame) -> list[str]:
    """The lines that say how often the leads of each tier converted, earlier and later."""
    earlier, later = (
        outcomes[outcomes["period"] == period].reset_index(drop=True)
        for period in ("earlier", "later")
    )
    if later.empty or earlier.empty:
        return [f"There are no leads on both sides of {example.split_on}: nothing to count."]
    order = outcomes.groupby("tier")["score"].min().sort_values(ascending=False).index
    lines = [
        f"How many {example.converts}",
        f"  earlier: {len(earlier):,} leads from {example.learn_from} on, which made the points",
        f"  later:   {len(later):,} leads from {example.split_on} on, which no rule has seen",
        "",
        f"  {'tier':<16}{'scored':>8} |{'earlier':>8}{'converted':>11} |{'later':>8}"
        f"{'converted':>16}   95 % interval",
    ]
    for tier in order:
        before = earlier[earlier["tier"] == tier]["has_converted"]
        after = later[later["tier"] == tier]["has_converted"]
        lines.append(
            f"  {tier:<16}{(outcomes['tier'] == tier).sum():>8,} |{len(before):>8,}"
            f"{format_share(before):>11} |{describe_group(after)}"
        )
    lines += [
        f"  {'all':<16}{len(outcomes):>8,} |{len(earlier):>8,}"
        f"{format_share(earlier['has_converted']):>11} |{describe_group(later['has_converted'])}",
        "",
    ]
    for period, leads in (("earlier", earlier), ("later", later)):
        auc = measure_auc(leads["score"], leads["has_converted"])
        half = measure_share_in_better_half(leads["score"], leads["has_converted"])
        lines.append(
            f"  {period + ':':<9}AUC of the score {auc:.3f}; the better half holds {half:.1%} of "
            "the conversions"
        )
    months = pd.to_datetime(later["created_on"]).dt.to_period("M")
    within = measure_auc_within(months, later["score"], later["has_converted"])
    lines.append(f"           AUC among the later leads of the same month {within:.3f}")
    return lines


def describe_group(has_converted: pd.Series) -> str:
    """A group's size, how many of it converted, which share that is, and the interval around it."""
    size = len(has_converted)
    if not size:
        return f"{0:>8}"
    count = int(has_converted.sum())
    low, high = find_interval(count, size)
    return f"{size:>8,}{count:>8,}{count / size:>8.1%}   {low:.1%} to {high:.1%}"


def format_share(has_converted: pd.Series) -> str:
    """The share that converted, blank where there is no lead."""
    return f"{has_converted.mean():.1%}" if len(has_converted) else ""


def print_example(
    describe: Callable[[Example], list[str]], name: str, arguments: list[str] | None = None
) -> int:
    """Print what `describe` says of the example named in `arguments`; returns the exit code."""
    parser = argparse.ArgumentParser(prog=f"python -m examples.{name}")
    parser.add_argument("example", help="olist or uci_bank")
    asked = parser.parse_args(arguments)
    try:
        lines = describe(find_example(asked.example))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(
        print_example(
            lambda example: describe_conversion(example, read_outcomes(example)), "conversion"
        )
    )
