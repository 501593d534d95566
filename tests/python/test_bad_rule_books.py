"""A rule book that cannot work stops the run with a sentence: file, row, column and value."""

from __future__ import annotations

import csv
import shutil

import pytest
from dbt_runs import SHIPPED_RULES, lead, query, run_dbt, write_raw

# What is changed -> the sentence. `row` is counted as a spreadsheet does: the header is row 1.
# file, row, {column: new value}, sentence
PROBLEMS = {
    "an unknown attribute": (
        "rules_demographic", 3, {"attribute": "shoe_size"},
        "rules_demographic.csv, row 3, column attribute: 'shoe_size' is not an attribute",
    ),
    "an unknown key field": (
        "key_fields", 2, {"attribute": "shoe_size"},
        "key_fields.csv, row 2, column attribute: 'shoe_size' is not an attribute",
    ),
    "an unknown operator": (
        "rules_firmographic", 4, {"operator": "looks_like"},
        "rules_firmographic.csv, row 4, column operator: 'looks_like' is unknown; it must be one"
        " of equals, in, contains",
    ),
    "a bad regular expression": (
        "rules_demographic", 2, {"operator": "matches", "value": "vp("},
        "rules_demographic.csv, row 2, column value: 'vp(' is a regular expression that cannot be"
        " read.",
    ),
    "a duplicated rule": (
        "rules_readiness", 3, {"rule_id": "free_mail_domain"},
        "rules_readiness.csv, row 3, column rule_id: 'free_mail_domain' is there twice for the"
        " model b2b_software in overlapping periods, also in rules_data_quality.csv, row",
    ),
    "a model without a goal": (
        "models", 2, {"goal": ""},
        "models.csv, row 2, column goal: is empty and must be filled.",
    ),
    "an unknown model": (
        "rules_behavioral", 5, {"model_id": "b2c"},
        "rules_behavioral.csv, row 5, column model_id: 'b2c' is not a model of models.csv.",
    ),
    "an unknown activity": (
        "rules_behavioral", 5, {"activity": "sky_diving"},
        "rules_behavioral.csv, row 5, column activity: 'sky_diving' is not an activity",
    ),
    "an unknown activity in a sequence": (
        "rules_sequence", 2, {"activities": "demo_request|sky_diving"},
        "rules_sequence.csv, row 2, column activities: 'sky_diving' is not an activity",
    ),
    "an unknown dimension": (
        "dimensions", 2, {"dimension": "astrology"},
        "dimensions.csv, row 2, column dimension: 'astrology' is unknown; it must be one of"
        " demographic, firmographic",
    ),
    "points that are no number": (
        "rules_data_quality", 2, {"points": "ten"},
        "rules_data_quality.csv, row 2, column points: 'ten' is not a number.",
    ),
    "a day that does not exist": (
        "rules_data_quality", 2, {"valid_from": "2026-02-30"},
        "rules_data_quality.csv, row 2, column valid_from: '2026-02-30' is not a day",
    ),
    "a period that never begins": (
        "rules_data_quality", 2, {"valid_to": "2020-01-01"},
        "rules_data_quality.csv, row 2, column valid_to: '2020-01-01' is not after valid_from",
    ),
    "a range that is none": (
        "rules_firmographic", 2, {"operator": "between", "value": "50-100"},
        "rules_firmographic.csv, row 2, column value: '50-100' is not a range of numbers; write it"
        " as low..high",
    ),
    "a range upside down": (
        "rules_firmographic", 2, {"operator": "between", "value": "100..50"},
        "rules_firmographic.csv, row 2, column value: '100..50' is an empty range",
    ),
    "an operator without its value": (
        "rules_firmographic", 2, {"operator": "contains", "value": ""},
        "rules_firmographic.csv, row 2, column value: is empty, but the operator contains needs",
    ),
    "a decay without a half-life": (
        "rules_behavioral", 2, {"decay": "exponential", "half_life_days": ""},
        "rules_behavioral.csv, row 2, column half_life_days: is empty, but the decay exponential",
    ),
    "a half-life of nothing": (
        "rules_behavioral", 2, {"half_life_days": "0"},
        "rules_behavioral.csv, row 2, column half_life_days: '0' must be above 0.",
    ),
    "a floor above one": (
        "rules_behavioral", 2, {"floor_weight": "1.5"},
        "rules_behavioral.csv, row 2, column floor_weight: '1.5' must lie between 0 and 1.",
    ),
    "leaving a tier above its entrance": (
        "tiers", 2, {"leave_below": "90"},
        "tiers.csv, row 2, column leave_below: '90' is above enter_at (76)",
    ),
    "no tier for the lowest scores": (
        "models", 2, {"min_score": "-50"},
        "models.csv, row 2, column model_id: 'b2b_software' has no tier for its lowest scores; one"
        " tier of tiers.csv must be entered at -50 or below.",
    ),
    "a pattern of paths that cannot be read": (
        "activities", 2, {"attribute": "url_path", "operator": "matches", "value": "["},
        "activities.csv, row 2, column value: '[' is a regular expression that cannot be read.",
    ),
    "a name kept for caps": (
        "rules_demographic", 2, {"rule_id": "cap:demographic"},
        "rules_demographic.csv, row 2, column rule_id: 'cap:demographic' begins with cap:",
    ),
    "a rule without a reason": (
        "rules_demographic", 2, {"reason": " "},
        "rules_demographic.csv, row 2, column reason: is empty and must be filled.",
    ),
    "a field that may not be used": (
        "rules_demographic", 5, {"attribute": "gender"},
        "rules_demographic.csv, row 5, column attribute: 'gender' is a sensitive field"
        " (seeds/reference/sensitive_fields.csv); a model may use it only where the column"
        " sensitive_fields of its row in models.csv says why, as gender: reason.",
    ),
    "a key field that may not be used": (
        "key_fields", 4, {"attribute": "date_of_birth"},
        "key_fields.csv, row 4, column attribute: 'date_of_birth' is a sensitive field",
    ),
    "neither yes nor no": (
        "models", 3, {"excludes_customers": "maybe"},
        "models.csv, row 3, column excludes_customers: 'maybe' is unknown; it must be one of true,"
        " false.",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    """A copy of the shipped rule book; each test changes it and puts it back."""
    return shutil.copytree(SHIPPED_RULES, tmp_path_factory.mktemp("book") / "rules")


@pytest.fixture
def edit(rules):
    """A function that changes cells of one row; the file is put back afterwards."""
    touched = []

    def change(file_name, row_number, cells):
        path = rules / f"{file_name}.csv"
        touched.append(path.name)
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        rows[row_number - 2].update(cells)
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)

    yield change
    for name in touched:
        shutil.copy(SHIPPED_RULES / name, rules / name)


def check(rules, folder):
    """Load the rule book and look for problems; returns how it ended."""
    return run_dbt(
        "build", "--select", "resource_type:seed", "rule_book_cells", "rule_book_rows",
        "rule_book_problems", "--exclude-resource-type", "unit_test", "test",
        raw=folder, warehouse=folder / "leads.duckdb", rules=rules,
    )  # fmt: skip


def test_the_shipped_rule_book_has_no_problem(rules, tmp_path):
    outcome = check(rules, tmp_path)
    assert outcome.success, outcome.errors


def test_every_problem_is_named_with_file_row_column_and_value(rules, edit, tmp_path):
    """One change at a time would take minutes; so as many at once as do not touch each other."""
    waiting = list(PROBLEMS.items())
    while waiting:
        used, batch, later = set(), [], []
        for name, problem in waiting:
            place = problem[:2]
            (later if place in used else batch).append((name, problem))
            used.add(place)
        for _, (file_name, row_number, cells, _) in batch:
            edit(file_name, row_number, cells)
        outcome = check(rules, tmp_path)
        assert not outcome.success
        for name, (*_, sentence) in batch:
            assert sentence in outcome.errors, name
        for file_name in {problem[0] for _, problem in batch}:
            shutil.copy(SHIPPED_RULES / f"{file_name}.csv", rules / f"{file_name}.csv")
        waiting = later


def test_a_sensitive_field_counts_only_where_its_model_says_why(rules, edit, tmp_path):
    edit("custom_attributes", 2, {})
    with (rules / "custom_attributes.csv").open("a") as file:
        file.write("age,Age in years\n")
    edit("rules_demographic", 2, {"attribute": "age", "operator": "between", "value": "18.."})
    edit("models", 2, {"sensitive_fields": "age:"})
    outcome = check(rules, tmp_path)
    assert not outcome.success, "a field without a reason"
    assert "rules_demographic.csv, row 2, column attribute: 'age' is a sensitive field" in (
        outcome.errors
    )
    edit("models", 2, {"sensitive_fields": "age: we may not sell to minors"})
    outcome = check(rules, tmp_path)
    assert outcome.success, outcome.errors


def test_a_missing_column_is_named(rules, edit, tmp_path):
    edit("tiers", 2, {})
    path = rules / "tiers.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    at = rows[0].index("stage")
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(row[:at] + row[at + 1 :] for row in rows)
    outcome = check(rules, tmp_path)
    assert not outcome.success
    assert "tiers.csv, row 1, column stage: is missing from the header" in outcome.errors


def test_nothing_is_scored_with_a_rule_book_that_cannot_work(rules, edit, tmp_path):
    edit("rules_demographic", 3, {"attribute": "shoe_size"})
    raw = write_raw(tmp_path / "raw", {"crm.leads": [lead("L1", email="one@acme.example")]})
    warehouse = tmp_path / "leads.duckdb"
    outcome = run_dbt("build", raw=raw, warehouse=warehouse, rules=rules)
    assert not outcome.success
    assert "'shoe_size' is not an attribute" in outcome.errors
    made = {name for (name,) in query(warehouse, "select table_name from duckdb_tables()")}
    assert "rules_demographic" in made
    assert not made & {"attribute_points", "behavioral_points", "lead_scores"}
