"""The arithmetic of points stands once: each shape of decay, each operator and the cap are written
in one place, which today's points, the outlook and the ranges of missing fields all read. A second
writing would let them drift apart without any test of their figures failing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for folder, ending in [("models", "sql"), ("macros", "sql"), ("orchestration", "py")]
    for path in sorted((ROOT / folder).rglob(f"*.{ending}"))
}

CURVES = "models/rule_book/rule_curves.sql"
VALIDATION = {path for path in SOURCES if path.endswith("_problems.sql")}
POINTS = "macros/points.sql"
# Fading as each engine can tell it, and powers of ten that round.
NUMBERS = "macros/engines/numbers.sql"
READING = "macros/engines/reading.sql"
OPERATORS = "macros/operators.sql"
# What turns an operator's value into the values to compare with or to try, not whether it is met.
OPERANDS = {
    "models/rule_book/test_operands.sql",
    "models/intermediate/what_was_done/int_event_kind_activities.sql",
    "models/scoring/unknown/attribute_candidates.sql",
}
# The sum of an account's leads, each further one for less, is no decay.
ROLL_UP = "models/marts/account_scores.sql"

# What writes a rule book names shapes and operators, and reckons with neither.
WRITER = "orchestration/lib/learned/rule_books.py"

# what is written, where alone it may stand
WRITTEN_ONCE = [
    (r"\b(power|pow)\s*\(\s*0\.5|0\.5\s*\*\*", {CURVES, NUMBERS}),
    (r"\b(power|pow)\s*\(|\*\*\s*-", {CURVES, NUMBERS, READING, ROLL_UP}),
    (r"['\"](exponential|linear|step)['\"]", {CURVES, WRITER}),
    (r"\bdecay\s*(=|<>|!=|in\b|not\b)", {CURVES, *VALIDATION}),
    (r"\b(floor_weight|span)\b\s*[-+*/]", {CURVES}),
    # outcomes.csv has a column ends_with: what ends a lead's risk.
    (
        r"['\"](contains|starts_with|ends_with)['\"]",
        {OPERATORS, "models/rule_book/rule_book_rows.sql"},
    ),
    (r"['\"](matches|between)['\"]", {OPERATORS, *VALIDATION, *OPERANDS, WRITER}),
    (r"\boperator\b[^=<>\n]{0,5}(=|<>|!=)", {OPERATORS, *VALIDATION, *OPERANDS}),
    (
        r"\boperator_is_met\(",
        {OPERATORS, "models/intermediate/what_was_done/int_event_kind_activities.sql"},
    ),
    (r"\bleast\(\s*greatest\(|\bgreatest\(\s*least\(", {POINTS}),
    (r"as decimal\(18, 10\)", {POINTS}),
]


@pytest.mark.parametrize(("written", "places"), WRITTEN_ONCE)
def test_the_arithmetic_of_points_is_written_in_one_place(written, places):
    found = {path for path, text in SOURCES.items() if re.search(written, without_comments(text))}
    assert found <= places, f"{written} also stands in {sorted(found - places)}"
    assert found, f"{written} stands nowhere any more: the test looks for the wrong thing"


def test_only_the_macros_of_curves_fade_points():
    macros = re.split(r"\{% macro ", SOURCES[POINTS] + SOURCES[NUMBERS])[1:]
    fading = {macro.split("(")[0] for macro in macros if "power(0.5" in macro}
    assert fading == {"default__fade", "postgres__fade"}


@pytest.mark.parametrize(
    ("mart", "kernel"),
    [
        ("lead_score_ledger", ["rule_curves", "rule_weights", "value_points", "model_limits"]),
        ("lead_scores", ["rule_curves", "rule_weights", "value_points", "model_limits"]),
        ("account_scores", ["rule_curves", "rule_weights", "value_points", "model_limits"]),
        ("rule_health", ["rule_curves", "rule_weights", "value_points", "model_limits"]),
        ("lead_outlook", ["rule_curves", "rule_weights", "value_points", "model_limits"]),
        ("lead_unknowns", ["value_points", "model_limits"]),
        ("unknown_fields", ["value_points", "model_limits"]),
    ],
)
def test_every_mart_with_points_reads_the_same_kernel(mart, kernel):
    assert set(kernel) <= ancestors(mart)


@pytest.mark.parametrize(
    ("model", "holds"),
    [
        ("behavioral_points", "rule_weights"),
        ("sequence_points", "rule_weights"),
        ("projected_curves", "rule_curves"),
        ("attribute_points", "value_points"),
        ("projected_attribute_points", "value_points"),
        ("attribute_ranges", "value_points"),
        ("completeness_ranges", "value_points"),
    ],
)
def test_points_are_read_off_the_kernel_itself(model, holds):
    assert holds in parents(model)


@pytest.mark.parametrize(
    "model",
    ["behavioral_points", "lead_totals", "projected_scores", "unknown_scores",
     "tier_change_probabilities"],
)  # fmt: skip
def test_every_limit_is_held_by_the_same_macro(model):
    assert "hold_within(" in SOURCES[path_of(model)]


@pytest.mark.parametrize("model", ["projected_scores", "lead_outlook"])
def test_the_limit_of_a_rule_holds_ahead_by_the_same_macro(model):
    assert "points_on(" in SOURCES[path_of(model)]
    assert "hold_within(" in SOURCES[POINTS].split("macro points_on(")[1].split("endmacro")[0]


def without_comments(text: str) -> str:
    """SQL or Python without the lines and blocks that only explain."""
    text = re.sub(r"\{#.*?#\}|\"\"\".*?\"\"\"", "", text, flags=re.DOTALL)
    return re.sub(r"^\s*(--|#).*$", "", text, flags=re.MULTILINE)


def path_of(model: str) -> str:
    """The file of a model."""
    (path,) = [path for path in SOURCES if path.endswith(f"/{model}.sql")]
    return path


def parents(model: str) -> set[str]:
    """The models that a model reads."""
    found = set(re.findall(r"ref\('(\w+)'\)", SOURCES[path_of(model)]))
    return {name for name in found if any(path.endswith(f"/{name}.sql") for path in SOURCES)}


def ancestors(model: str) -> set[str]:
    """All models upstream of a model."""
    waiting, found = [model], set()
    while waiting:
        for parent in parents(waiting.pop()) - found:
            found.add(parent)
            waiting.append(parent)
    return found
