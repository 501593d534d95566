"""A rule book that cannot work stops the run with a sentence: file, row, column and value."""

from __future__ import annotations

import csv
import shutil

import duckdb
import pytest
from dbt_runs import (
    DEFAULT_MODEL,
    SHIPPED_RULES,
    build_warehouse,
    copy_rules_without_options,
    copy_shipped_rules,
    judge_rules,
    lead,
    list_changed_seeds,
    query,
    read_score,
    run_dbt,
    web_event,
    write_raw,
)

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
    "a column that no mart has": (
        "write_back", 2, {"mart_column": "scored_leads.scores"},
        "write_back.csv, row 2, column mart_column: 'scored_leads.scores' is unknown; it must be"
        " one of scored_leads.model_id, scored_leads.as_of_date",
    ),
    "a stage that HubSpot keeps itself": (
        "write_back", 3, {"property": "lifecyclestage"},
        "write_back.csv, row 3, column property: 'lifecyclestage' is moved by HubSpot itself",
    ),
    "a property by its label": (
        "write_back", 4, {"property": "Lead tier"},
        "write_back.csv, row 4, column property: 'Lead tier' is not the internal name of a"
        " property",
    ),
    "a field of another record": (
        "write_back", 10, {"property": "Account.Name"},
        "write_back.csv, row 10, column property: 'Account.Name' is not the API name of a field",
    ),
    "a property that is written twice": (
        "write_back", 5, {"property": "lead_score"},
        "write_back.csv, row 5, column property: 'lead_score' is there twice, also in row 2",
    ),
    "half a decimal": (
        "write_back", 2, {"decimals": "0.5"},
        "write_back.csv, row 2, column decimals: '0.5' is not a whole number of decimals",
    ),
    "an unknown activity": (
        "rules_behavioral", 5, {"activity": "sky_diving"},
        "rules_behavioral.csv, row 5, column activity: 'sky_diving' is not an activity",
    ),
    "an unknown activity in a sequence": (
        "rules_sequence", 2, {"activities": "demo_request|sky_diving"},
        "rules_sequence.csv, row 2, column activities: 'sky_diving' is not an activity",
    ),
    "an absence without an order": (
        "rules_sequence", 4, {"activities": "demo_request|!meeting"},
        "rules_sequence.csv, row 4, column activities: 'demo_request|!meeting' asks with '!meeting'"
        " for what must not happen, which only an ordered sequence can: write true in the column"
        " in_order, or take it out.",
    ),
    "an unknown dimension": (
        "dimensions", 2, {"dimension": "astrology"},
        "dimensions.csv, row 2, column dimension: 'astrology' is unknown; it must be one of"
        " demographic, firmographic",
    ),
    "points that are no number": (
        "rules_data_quality", 2, {"points": "ten"},
        "rules_data_quality.csv, row 2, column points: 'ten' is not a number; write it as 1250 or",
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
    "a condition on nothing": (
        "conditions", 2, {"attribute": "shoe_size"},
        "conditions.csv, row 2, column attribute: 'shoe_size' is not an attribute: it stands"
        " neither in seeds/reference/attributes.csv nor in custom_attributes.csv or"
        " activity_attributes.csv, and is no condition of the model.",
    ),
    "a condition of another model": (
        "rules_demographic", 2, {"model_id": "automation_line",
                                 "attribute": "decision_maker_of_our_size"},
        "rules_demographic.csv, row 2, column attribute: 'decision_maker_of_our_size' is not an"
        " attribute: it stands neither",
    ),
    "a condition with the name of a column": (
        "conditions", 2, {"condition": "Job_Title"},
        "conditions.csv, row 2, column condition: 'Job_Title' is the name of an attribute of"
        " seeds/reference/attributes.csv: choose another one.",
    ),
    "a condition with the name of a count": (
        "conditions", 3, {"condition": "calls_30"},
        "conditions.csv, row 3, column condition: 'calls_30' is the name of an attribute of"
        " activity_attributes.csv: choose another one.",
    ),
    "a circle of conditions": (
        "conditions", 4, {"attribute": "decision_maker_of_our_size", "operator": "equals",
                          "value": "false"},
        "conditions.csv, row 4, column attribute: 'decision_maker_of_our_size' leads into a circle"
        " of conditions, or builds on more than 10 of them one after the other",
    ),
    "a minimum without a row": (
        "model_minimums", 6, {"minimum": "leads"},
        "model_minimums.csv, row 1, column minimum: 'promise_leads' has no row;"
        " seeds/rules/model_minimums.csv has one to copy.",
    ),
    "a condition by a number that is none": (
        "conditions", 2, {"value": "three"},
        "conditions.csv, row 2, column value: 'three' is not a number, but the operator at_least",
    ),
    "a count with the name of a field": (
        "activity_attributes", 3, {"attribute": "budget"},
        "activity_attributes.csv, row 3, column attribute: 'budget' is the name of an attribute of"
        " custom_attributes.csv: choose another one.",
    ),
    "a count that is there twice": (
        "activity_attributes", 3, {"attribute": "calls_30"},
        "activity_attributes.csv, row 3, column attribute: 'calls_30' is there twice in overlapping"
        " periods, also in row 2.",
    ),
    "a count of an unknown activity": (
        "activity_attributes", 3, {"activities": "sales_meeting|sky_diving"},
        "activity_attributes.csv, row 3, column activities: 'sky_diving' is not an activity",
    ),
    "a measure that is none": (
        "activity_attributes", 2, {"measure": "sum"},
        "activity_attributes.csv, row 2, column measure: 'sum' is unknown; it must be one of count,"
        " active_days, days_since_last, days_since_first, happened.",
    ),
    "a window of no days": (
        "activity_attributes", 2, {"within_days": "0"},
        "activity_attributes.csv, row 2, column within_days: '0' must lie between 1 and 36500.",
    ),
    "a window of half a day": (
        "activity_attributes", 2, {"within_days": "1.5"},
        "activity_attributes.csv, row 2, column within_days: '1.5' is not a whole number of days.",
    ),
    "a look ahead": (
        "rules_firmographic", 2, {"operator": "matches", "value": "^(?!acme)"},
        "rules_firmographic.csv, row 2, column value: '^(?!acme)' looks ahead or behind, (?=, (?!,"
        " (?<= or (?<!, which the regular expressions of engines cannot; write what must not be"
        " found with the operator not_matches",
    ),
    "a bound that is no number": (
        "rules_firmographic", 2, {"operator": "at_least", "value": "many"},
        "rules_firmographic.csv, row 2, column value: 'many' is not a number, but the operator"
        " at_least compares numbers",
    ),
    "half a day": (
        "rules_firmographic", 2, {"operator": "within_days", "value": "0.5"},
        "rules_firmographic.csv, row 2, column value: '0.5' is not a whole number of days from 1 to"
        " 36500, which the operator within_days needs",
    ),
    "an activity by days": (
        "activities", 2, {"operator": "older_than_days"},
        "activities.csv, row 2, column operator: 'older_than_days' is unknown; it must be one of",
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
        "rules_behavioral.csv, row 2, column half_life_days: '0' must lie between 0.01 and 36500.",
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
    "points that the ledger cannot hold": (
        "rules_demographic", 6, {"points": "1e8"},
        "rules_demographic.csv, row 6, column points: '1e8' must lie between -10000 and 10000.",
    ),
    "points that no number type can hold": (
        "rules_demographic", 7, {"points": "-1e300"},
        "rules_demographic.csv, row 7, column points: '-1e300' must lie between -10000 and 10000.",
    ),
    "points that are no number at all": (
        "rules_demographic", 8, {"points": "nan"},
        "rules_demographic.csv, row 8, column points: 'nan' must lie between -10000 and 10000.",
    ),
    "points with a decimal comma": (
        "rules_demographic", 9, {"points": "3,5"},
        "rules_demographic.csv, row 9, column points: '3,5' is not a number; write it as 1250 or",
    ),
    "an age beyond all days": (
        "rules_behavioral", 7, {"max_age_days": "1e10"},
        "rules_behavioral.csv, row 7, column max_age_days: '1e10' must lie between 0 and 36500.",
    ),
    "a limit below nothing": (
        "rules_behavioral", 8, {"max_points": "-1"},
        "rules_behavioral.csv, row 8, column max_points: '-1' must lie between 0 and 100000.",
    ),
    "more of a day than there are": (
        "rules_behavioral", 9, {"max_per_day": "1e9"},
        "rules_behavioral.csv, row 9, column max_per_day: '1e9' must lie between 0.01 and 1000000.",
    ),
    "a window of no day": (
        "rules_sequence", 3, {"within_days": "0"},
        "rules_sequence.csv, row 3, column within_days: '0' must lie between 1 and 36500.",
    ),
    "a cap beyond all scores": (
        "dimensions", 3, {"max_points": "99999999"},
        "dimensions.csv, row 3, column max_points: '99999999' must lie between -1000000 and",
    ),
    "an hour that never comes": (
        "tiers", 3, {"sla_hours": "1e12"},
        "tiers.csv, row 3, column sla_hours: '1e12' must lie between 0 and 876000.",
    ),
    "places without end": (
        "tiers", 4, {"capacity": "1e19"},
        "tiers.csv, row 4, column capacity: '1e19' must lie between 0 and 1000000000.",
    ),
    "a day that never comes": (
        "rules_data_quality", 3, {"valid_to": "infinity"},
        "rules_data_quality.csv, row 3, column valid_to: 'infinity' must lie between 1900-01-01",
    ),
    "a rule that differs by capitals": (
        "rules_firmographic", 6, {"rule_id": "Free_Mail_ Domain"},
        "rules_firmographic.csv, row 6, column rule_id: 'Free_Mail_ Domain' differs from"
        " 'free_mail_domain' by capitals or blanks alone, which nobody can tell apart",
    ),
    "an activity that differs by capitals": (
        "activities", 20, {"activity": "Demo_request"},
        "activities.csv, row 20, column activity: 'Demo_request' differs from 'demo_request' by",
    ),
    "a field that differs by capitals": (
        "custom_attributes", 3, {"attribute": "Job_Title"},
        "custom_attributes.csv, row 3, column attribute: 'Job_Title' differs from 'job_title' by",
    ),
    "a tier that differs by capitals": (
        "tiers", 6, {"tier": "Ready_To_Buy"},
        "tiers.csv, row 6, column tier: 'Ready_To_Buy' is there twice, also in row 2 (capitals and"
        " blanks make no difference).",
    ),
    "a name with a blank that cannot be seen": (
        "rules_readiness", 5, {"attribute": "bud\u200bget"},
        "rules_readiness.csv, row 5, column attribute: 'bud\u200bget' holds a blank that cannot be",
    ),
    "a key field twice": (
        "key_fields", 8, {"attribute": "Company_name"},
        "key_fields.csv, row 8, column attribute: 'Company_name' is there twice, also in row 7",
    ),
    "two tiers with one entrance": (
        "tiers", 7, {"enter_at": "75.00", "leave_below": ""},
        "tiers.csv, row 7, column enter_at: '75.00' is also that of 'consider_call' in row 3: a",
    ),
    "two grades from one score": (
        "grades", 3, {"from_score": "60.0"},
        "grades.csv, row 3, column from_score: '60.0' is also that of 'A' in row 2",
    ),
    "an outcome of a stage that is not named": (
        "outcomes", 2, {"outcome": "stage", "value": ""},
        "outcomes.csv, row 2, column value: is empty, but the outcome stage needs the name of the"
        " stage",
    ),
    "an outcome that has no value": (
        "outcomes", 3, {"outcome": "accepted_hand_over", "value": "automation"},
        "outcomes.csv, row 3, column value: 'automation' must be empty: sales accepts a lead, not a"
        " product or a stage of it.",
    ),
    "an outcome within half a day": (
        "outcomes", 4, {"horizon_days": "60.5"},
        "outcomes.csv, row 4, column horizon_days: '60.5' is not a whole number of days.",
    ),
    "a rest of half a day": (
        "outcomes", 5, {"cool_down_days": "0.5"},
        "outcomes.csv, row 5, column cool_down_days: '0.5' is not a whole number of days.",
    ),
    "an outcome that nobody knows": (
        "outcomes", 5, {"outcome": "a_call"},
        "outcomes.csv, row 5, column outcome: 'a_call' is unknown; it must be one of opportunity,"
        " won_opportunity, stage, accepted_hand_over.",
    ),
    "a target of the middle of a month": (
        "targets", 2, {"month": "2026-07-15"},
        "targets.csv, row 2, column month: '2026-07-15' is not the first day of a month; write July"
        " 2026 as 2026-07-01.",
    ),
    "two targets of one month": (
        "targets", 4, {"month": "2026-07-01", "product": "Automation"},
        "targets.csv, row 5, column product: 'automation' is there twice, also in row 4",
    ),
    "two outcomes of all models": (
        "outcomes", 3, {"model_id": ""},
        "outcomes.csv, row 3, column model_id: is there twice, also in row 2",
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
    """Load what differs from the shipped rule book and look for problems; returns how it ended."""
    warehouse = copy_shipped_rules(folder / "leads.duckdb")
    return judge_rules(rules, warehouse, *list_changed_seeds(rules))


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
            # Fifty sentences are told at most, and some changes cause several.
            is_later = place in used or len(batch) == 15
            (later if is_later else batch).append((name, problem))
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


def test_a_model_without_an_outcome_is_named(rules, edit, tmp_path):
    edit("outcomes", 2, {"model_id": "b2b_software"})
    edit("outcomes", 3, {"model_id": "automation_line"})
    edit("outcomes", 4, {"model_id": "automation_line_next"})
    edit("outcomes", 5, {"model_id": ""})
    assert check(rules, tmp_path).success, "the row without a model counts for all"
    edit("outcomes", 4, {"model_id": "b2b_software"})
    edit("outcomes", 5, {"model_id": "automation_line"})
    assert (
        "models.csv, row 4, column model_id: 'automation_line_next' has no outcome in outcomes.csv,"
        " which says what its scores foretell: add a row for it, or one with an empty model_id"
    ) in check(rules, tmp_path).errors


def test_a_condition_may_not_hang_on_the_share_that_it_counts_for(rules, edit, tmp_path):
    edit("key_fields", 2, {"attribute": "decision_maker_of_our_size"})
    edit("conditions", 5, {"attribute": "completeness_pct"})
    assert (
        "conditions.csv, row 5, column attribute: 'completeness_pct' leads into a circle of"
        " conditions" in check(rules, tmp_path).errors
    )


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
    assert "tiers.csv, row 1, column stage: is missing from the header; it must be there" in (
        outcome.errors
    )


def test_leads_are_drawn_only_where_a_tier_of_the_model_hands_over(rules, edit, tmp_path):
    for row in (10, 11, 12, 13):
        edit("tiers", row, {"hands_over": ""})
    path = rules / "tiers.csv"
    header, *rows = path.read_text().splitlines()
    path.write_text("\n".join([f"{header},worked_anyway_pct", *(f"{row},5" for row in rows), ""]))
    errors = check(rules, tmp_path).errors
    assert (
        "tiers.csv, row 11, column worked_anyway_pct: '5' needs a tier of the model that hands over"
        in errors
    )
    assert "row 5, column worked_anyway_pct" not in errors


def test_models_are_told_apart_by_more_than_capitals_and_blanks(rules, edit, tmp_path):
    edit("models", 2, {})
    path = rules / "models.csv"
    rows = path.read_text().splitlines()
    twin = rows[1].replace("b2b_software", "B2B_ software\u200b", 1)
    path.write_text("\n".join([*rows, twin]) + "\n", encoding="utf-8")
    outcome = check(rules, tmp_path)
    assert not outcome.success
    place = f"models.csv, row {len(rows) + 1}, column model_id: 'B2B_ software\u200b'"
    assert f"{place} is there twice, also in row 2 (capitals and blanks make no" in outcome.errors
    assert f"{place} holds a blank that cannot be seen" in outcome.errors


def test_a_misspelt_column_is_named_beside_the_one_that_is_missing(rules, edit, tmp_path):
    edit("tiers", 2, {})
    path = rules / "tiers.csv"
    path.write_text(path.read_text().replace("leave_below", "leave_bellow", 1))
    outcome = check(rules, tmp_path)
    assert not outcome.success
    assert (
        "tiers.csv, row 1, column leave_below: is missing from the header; it must be there, empty"
        " where it does not apply. The header has what no file of this name has: 'leave_bellow'."
    ) in outcome.errors


def test_a_file_with_semicolons_says_so_in_one_sentence(rules, edit, tmp_path):
    """dbt alone does not read it; the commands of the project do."""
    edit("key_fields", 2, {})
    path = rules / "key_fields.csv"
    path.write_text(path.read_text().replace(",", ";"))
    outcome = check(rules, tmp_path)
    assert not outcome.success
    assert "is a header whose columns are not separated by commas" in outcome.errors
    assert "is missing from the header" not in outcome.errors


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


def test_plain_dbt_says_what_a_failed_test_means(tmp_path):
    """dbt itself counts the rows that failed, and no more."""
    warehouse = copy_shipped_rules(tmp_path / "leads.duckdb")
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "insert into rule_book.attribute_fields (attribute, field) values ('budget', 'mood')"
        )
    outcome = run_dbt(
        "test", "--select", "hangs_on_itself_attribute_fields_", "--indirect-selection", "empty",
        raw=tmp_path, warehouse=warehouse,
    )  # fmt: skip
    assert not outcome.success
    assert (
        "The test hangs_on_itself_attribute_fields_ fails with 1 row(s). A failing row is a field"
        " that attributes hang on but that nobody can come to know: known_by in"
    ) in outcome.errors


MOST = {
    "rules_demographic": {"attribute": "lead_id", "operator": "present"},
    "rules_behavioral": {"activity": "demo_request", "decay": "none"},
}


def test_the_largest_rule_book_that_is_allowed_fits_into_the_ledger(tmp_path):
    """Five hundred rules of the most points each, and a lead with more events than the ledger can
    tell the points of."""
    rules = copy_rules_without_options(tmp_path / "rules")
    for path in rules.glob("*.csv"):
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            rows = [row for row in reader if row.get("model_id", DEFAULT_MODEL) == DEFAULT_MODEL]
        if path.stem == "dimensions":
            rows = [{**row, "min_points": "", "max_points": ""} for row in rows]
        if path.stem.startswith("rules_"):
            common = {"points": "10000", "reason": "x", "owner": "x", "valid_from": "2020-01-01"}
            rows = [
                {**common, **MOST[path.stem], "rule_id": f"{path.stem}_{n}"}
                for n in range(250 if path.stem in MOST else 0)
            ]
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, reader.fieldnames)
            writer.writeheader()
            writer.writerows(
                {**row, "model_id": "most"} if "model_id" in reader.fieldnames else row
                for row in rows
            )
    parts = [lead("L1", email="one@acme.example")]
    events = [
        web_event(f"e{n}", "2026-06-30", email="one@acme.example", event_type="demo_request")
        for n in range(12_000)
    ]
    warehouse = build_warehouse(tmp_path, {"crm.leads": parts, "web.events": events}, rules=rules)
    points, most, raw = query(
        warehouse,
        "select sum(points), max(points) filter (rule_id not like 'cap:%'), max(raw_points)"
        " from lead_score_ledger",
    )[0]
    score, undecayed = read_score(
        warehouse, "L1", "score", "behavioral_points_undecayed", model_id="most"
    )
    assert (float(points), score) == (100, 100)
    # A rule without a limit of its own has the one of rule_book_format.csv.
    assert most == 100_000
    assert (float(raw), undecayed) == (99_999_999.9999, 99_999_999.9999)
