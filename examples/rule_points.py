"""What belongs here: what the earlier leads say about each rule's points.

    python -m examples.rule_points olist

For every rule of an example: how many of the earlier leads it met, how many of those converted, how
many would have at the rate of all earlier leads, and the points that follow. Ten points are a
factor of two; leads are few, so both counts are raised by a few conversions first, which draws
small groups towards no points.
"""

import sys
from math import log2

import duckdb
import pandas as pd

from examples.catalogue import Example
from examples.conversion import print_example, read_outcomes

POINTS_OF_A_FACTOR_TWO = 10
ADDED_CONVERSIONS = 5


def weigh(converted: float, expected: float) -> int:
    """The points of a group of leads, from how many converted and how many were expected to.

    >>> weigh(19, 7), weigh(2, 9), weigh(0, 0.5)
    (10, -10, -1)
    """
    ratio = (converted + ADDED_CONVERSIONS) / (expected + ADDED_CONVERSIONS)
    return round(POINTS_OF_A_FACTOR_TWO * log2(ratio))


def weigh_rules(example: Example) -> pd.DataFrame:
    """One row per rule that moved a point: rule_id, reason, points, leads, converted, expected and
    weighed_points. Raises ValueError where the example was not scored yet."""
    earlier = read_outcomes(example).query("period == 'earlier'")
    rate = float(earlier["has_converted"].mean())
    rules = duckdb.execute(
        """
        select
            ledger.rule_id,
            cast(max(ledger.raw_points) as double) as points,
            count(earlier.lead_id) as leads,
            cast(coalesce(sum(cast(earlier.has_converted as integer)), 0) as bigint) as converted
        from read_parquet($ledger) as ledger
        left join earlier using (lead_id)
        where ledger.rule_id not like 'cap:%'
        group by ledger.rule_id
        order by points desc, ledger.rule_id
        """,
        {"ledger": str(example.published / "lead_score_ledger.parquet")},
    ).df()
    rules["expected"] = rules["leads"] * rate
    rules["weighed_points"] = [weigh(rule.converted, rule.expected) for rule in rules.itertuples()]
    return rules


def describe_rules(example: Example) -> list[str]:
    """A line per rule: its points, and what the earlier leads say they should be."""
    lines = [
        f"Rules of {example.name} and the leads from {example.learn_from} to the day before "
        f"{example.split_on}",
        f"  {'rule':<28}{'leads':>8}{'converted':>11}{'expected':>10}{'weighed':>9}{'points':>8}",
    ]
    return lines + [
        f"  {rule.rule_id:<28}{rule.leads:>8,}{rule.converted:>11,}{rule.expected:>10,.1f}"
        f"{rule.weighed_points:>9}{rule.points:>8g}"
        for rule in weigh_rules(example).itertuples()
    ]


if __name__ == "__main__":
    sys.exit(print_example(describe_rules, "rule_points"))
