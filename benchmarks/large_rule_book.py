"""What belongs here: a rule book as large as a company's may grow, beside the shipped one."""

import csv
import itertools
from pathlib import Path

from benchmarks.project import SHIPPED_RULES
from benchmarks.rule_book import rows_of

RULES, CONDITIONS, COUNTED = 500, 60, 60
DATED = {"owner": "benchmark", "valid_from": "2025-01-01", "valid_to": ""}

# What a row of a condition asks, in turn.
ASKED = (
    ("employee_count", "at_least", "50"), ("country", "not_in", "US|CA"),
    ("industry", "contains", "software"), ("job_level", "in", "c_level|vp|director"),
    ("annual_revenue", "between", "5000000.."), ("email_kind", "equals", "corporate"),
    ("lead_age_days", "at_most", "90"), ("open_opportunities", "equals", "0"),
    ("job_title", "not_contains", "intern"), ("days_since_lost", "missing", ""),
    ("company_name", "present", ""),
)  # fmt: skip
MEASURES = ("count", "happened", "days_since_last", "active_days", "days_since_first")


def write(folder: Path) -> Path:
    """Write the shipped rule book with rules, conditions and activity attributes added, in turn for
    each of its scored models, until there are 500, 60 and 60; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = {file.stem: rows_of(file) for file in SHIPPED_RULES.glob("*.csv")}
    models = [row["model_id"] for row in tables["models"] if row["role"] != "retired"]
    activities = sorted({row["activity"] for row in tables["activities"]})
    tables["activity_attributes"] += [
        {
            "attribute": f"counted_{number:02}",
            "activities": "|".join((activities * 2)[number % len(activities) :][: 1 + number % 3]),
            "measure": MEASURES[number % len(MEASURES)],
            "within_days": ("7", "30", "90", "")[number % 4],
            "description": "For the benchmark",
        }
        for number in range(COUNTED)
    ]
    asked = itertools.cycle(ASKED)
    for number in range(CONDITIONS):
        rows = [next(asked), next(asked), _ask_count(number)]
        if number >= 2 * len(models) and number % 4 == 0:
            # Of the same model, two before.
            rows.append((f"condition_{number - 2 * len(models):02}", "equals", "false"))
        tables["conditions"] += [
            {
                "model_id": models[number % len(models)],
                "condition": f"condition_{number:02}",
                **dict(zip(("attribute", "operator", "value"), row, strict=True)),
            }
            for row in rows
        ]
    names = ["demographic", "firmographic", "readiness", "data_quality"]
    missing = RULES - sum(len(rows) for name, rows in tables.items() if name.startswith("rules_"))
    for number in range(missing):
        condition = number % CONDITIONS
        attribute, operator, value = (
            (f"condition_{condition:02}", "equals", "true")
            if number % 2
            else _ask_count(number // 2 % COUNTED)
        )
        tables[f"rules_{names[number % len(names)]}"].append(
            {
                "model_id": models[condition % len(models)],
                "rule_id": f"added_{number:03}",
                "attribute": attribute,
                "operator": operator,
                "value": value,
                "points": str(number % 7 - 3),
                "reason": "For the benchmark",
                **DATED,
            }
        )
    for name, rows in tables.items():
        header = (SHIPPED_RULES / f"{name}.csv").read_text(encoding="utf-8").splitlines()[0]
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, header.split(","), restval="")
            writer.writeheader()
            writer.writerows(rows)
    return folder


def _ask_count(number: int) -> tuple[str, str, str]:
    """What is asked of one of the activity attributes."""
    measure = MEASURES[number % len(MEASURES)]
    asked = ("equals", "false") if measure == "happened" else ("at_least", str(1 + number % 9))
    return (f"counted_{number:02}", *asked)
