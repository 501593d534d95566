"""What belongs here: what gate.csv holds a changed rule book to, as limits of what is measured. The
daily run judges by those of them that need no past (score_health.py), the gate by all."""

from collections.abc import Mapping

import duckdb

from orchestration.lib.checked.health import Limit

# The conditions of one model and their numbers.
Conditions = Mapping[str, float]


def read_conditions(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, float]]:
    """The conditions of each model of the rule book in the warehouse of `connection`."""
    conditions: dict[str, dict[str, float]] = {}
    for model_id, condition, limit in connection.execute(
        "select model_id, condition, limit_value from rule_book.gate_limits"
    ).fetchall():
        conditions.setdefault(model_id, {})[condition] = limit
    return conditions


def make_limits(conditions: Conditions) -> dict[str, Limit]:
    """The limit of each measure that one of the `conditions` is about.

    >>> make_limits({"most_moved_pct": 30, "least_leads": 50})["moved_share"]
    ... # doctest: +NORMALIZE_WHITESPACE
    Limit(verdict='block', falls_to=None, rises_to=None, moves_by=None, at_least=None, at_most=0.3,
        from_rows=50)
    """
    enough = conditions.get("least_leads", 0)
    limits = {}
    for condition, value in conditions.items():
        if condition == "auc_share":
            limits["auc_share"] = Limit("block", at_least=value)
        elif condition == "least_leads":
            limits["backtest_leads"] = Limit("block", at_least=value)
        elif condition == "least_outcomes":
            limits["backtest_outcomes"] = Limit("block", at_least=value)
        elif condition == "most_moved_pct":
            limits["moved_share"] = Limit("block", at_most=value / 100, from_rows=enough)
        elif condition == "most_handed_over_times":
            limits["handing_over_share"] = Limit("block", rises_to=value, from_rows=enough)
        elif condition == "most_over_capacity_pct":
            limits["over_capacity_share"] = Limit("block", at_most=value / 100)
        elif condition == "most_won_lost_pct":
            limits["won_lost_share"] = Limit("block", at_most=value / 100)
        elif condition == "empty_tier":
            # Of as many leads as it had, not of those that are left.
            limits["tier_leads"] = Limit("block", at_least=1, from_rows=value)
    return limits
