"""Facts of the shipped rule book that the validation of a run does not look at: how much of the
rule language it shows, the point values that the contract fixes, and what the reference patterns
make of real job titles and internet providers."""

import csv
import re
from collections import Counter
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

SEEDS = Path(__file__).parents[3] / "seeds"
RULES = SEEDS / "rules"
REFERENCE = SEEDS / "reference"
MODEL = "b2b_software"
ATTRIBUTE_RULE_FILES = [
    "rules_demographic",
    "rules_firmographic",
    "rules_readiness",
    "rules_data_quality",
]

# title, expected level, expected function (None: no pattern should match)
TITLES = [
    ("CEO", "c_level", "executive"),
    ("Co-Founder & CTO", "c_level", "engineering"),
    ("Chief Marketing Officer", "c_level", "marketing"),
    ("Chief Sales and Marketing Officer", "c_level", "marketing"),
    ("Interim CRO", "c_level", "sales"),
    ("CRO Specialist", "individual", "marketing"),
    ("Managing Director", "c_level", "executive"),
    ("Geschäftsführer", "c_level", "executive"),
    ("Gérant", "c_level", "executive"),
    ("Owner", "c_level", "executive"),
    ("Product Owner", "individual", "product"),
    ("President", "c_level", "executive"),
    ("Chief of Staff", "director", "executive"),
    ("Chief Architect", "director", "engineering"),
    ("VP Sales, International", "vp", "sales"),
    ("Senior Vice President of Finance", "vp", "finance"),
    ("Vice President", "vp", None),
    ("Assistant Vice President", "director", None),
    ("Assistant to the VP Marketing", "assistant", "administration"),
    ("Executive Assistant to the CEO", "assistant", "administration"),
    ("Office Manager", "individual", "administration"),
    ("Director of Revenue Operations", "director", "revenue_operations"),
    ("Head of International Marketing", "director", "marketing"),
    ("Head of Data", "director", "data"),
    ("Vertriebsleiter", "director", "sales"),
    ("Directeur commercial", "director", "sales"),
    ("Directory Services Engineer", "individual", "engineering"),
    ("Art Director", "senior", None),
    ("Marketing Operations Manager", "manager", "revenue_operations"),
    ("Senior Product Manager", "manager", "product"),
    ("Product Marketing Manager", "manager", "marketing"),
    ("Account Manager", "individual", "sales"),
    ("Senior Account Manager", "senior", "sales"),
    ("Account Executive", "individual", "sales"),
    ("IT Manager", "manager", "it"),
    ("IT Operations Manager", "manager", "it"),
    ("Lead Generation Specialist", "individual", "marketing"),
    ("Lead Engineer", "senior", "engineering"),
    ("Staff Software Engineer", "senior", "engineering"),
    ("Staff Accountant", "individual", "finance"),
    ("Senior Data Scientist", "senior", "data"),
    ("Data Entry Clerk", "assistant", None),
    ("Junior Marketing Manager", "junior", "marketing"),
    ("Salesforce Developer", "individual", "engineering"),
    ("Customer Support Engineer", "individual", "support"),
    ("Supply Chain Planner", "individual", "operations"),
    ("HR Business Partner", "individual", "hr"),
    ("Technical Recruiter", "individual", "hr"),
    ("Internal Auditor", "individual", "finance"),
    ("Marketing Intern", "intern", "marketing"),
    ("International Sales Manager", "manager", "sales"),
    ("Student", "student", None),
    ("Director of Student Affairs", "director", None),
    ("Freelance Marketing Consultant", "independent", "marketing"),
    ("Retired CEO", "not_working", "executive"),
    ("Werkstudentin Vertrieb", "student", "sales"),
    ("Ninja", None, None),
]


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def read_default_rows(file_name: str) -> list[dict[str, str]]:
    """The rows of the model of all products, for which the contract fixes the figures."""
    return [row for row in read_rows(RULES / f"{file_name}.csv") if row["model_id"] == MODEL]


def read_rule(file_name: str, rule_id: str) -> dict[str, str]:
    """The one open row of a rule."""
    [row] = [
        row
        for row in read_default_rows(file_name)
        if row["rule_id"] == rule_id and not row["valid_to"]
    ]
    return row


def read_patterns(file_name: str, result_column: str) -> list[tuple[re.Pattern[str], str]]:
    """Patterns and their results, the lowest rank first."""
    rows = sorted(read_rows(REFERENCE / f"{file_name}.csv"), key=lambda row: int(row["rank"]))
    return [(re.compile(row["pattern"], re.IGNORECASE), row[result_column]) for row in rows]


def find_first(patterns: list[tuple[re.Pattern[str], str]], text: str) -> str | None:
    return next((result for pattern, result in patterns if pattern.search(text)), None)


def test_at_least_sixty_rules_are_open():
    rule_ids = {
        row["rule_id"]
        for path in RULES.glob("rules_*.csv")
        for row in read_rows(path)
        if not row["valid_to"]
    }
    assert len(rule_ids) >= 60


def test_rule_ids_name_one_rule_across_all_files():
    files_of_rule: dict[tuple[str, str], set[str]] = {}
    for path in RULES.glob("rules_*.csv"):
        for row in read_rows(path):
            files_of_rule.setdefault((row["model_id"], row["rule_id"]), set()).add(path.name)
    assert {rule: files for rule, files in files_of_rule.items() if len(files) > 1} == {}


def test_every_operator_is_used():
    used = {
        row["operator"] for name in ATTRIBUTE_RULE_FILES for row in read_rows(RULES / f"{name}.csv")
    }
    assert used == {
        "equals",
        "in",
        "contains",
        "starts_with",
        "ends_with",
        "matches",
        "between",
        "present",
        "missing",
        "at_most",
    }


def test_every_decay_and_every_limit_is_used():
    rows = read_rows(RULES / "rules_behavioral.csv")
    assert {row["decay"] for row in rows} == {"exponential", "linear", "step", "none"}
    for limit in ["floor_weight", "max_age_days", "max_per_day", "max_points"]:
        assert any(row[limit] for row in rows), limit


def test_a_changed_rule_is_ended_and_followed_by_a_successor():
    old, new = [
        row
        for row in read_default_rows("rules_behavioral")
        if row["rule_id"] == "pricing_page_view"
    ]
    assert old["valid_to"] == new["valid_from"] == "2026-03-01"
    assert Decimal(old["points"]) < Decimal(new["points"])


@pytest.mark.parametrize(("topic", "points"), [("industry", 1), ("company", 5), ("product", 10)])
def test_email_click_earns_three_and_the_points_of_its_topic(topic: str, points: int):
    click = read_rule("rules_behavioral", "email_click")
    about = read_rule("rules_behavioral", f"email_click_{topic}")
    assert (Decimal(click["points"]), Decimal(about["points"])) == (3, points)

    definitions = {row["activity"]: row for row in read_rows(RULES / "activities.csv")}
    of_click, of_topic = definitions[click["activity"]], definitions[about["activity"]]
    assert (of_click["channel"], of_click["event_type"]) == ("email", "click")
    assert (of_topic["channel"], of_topic["event_type"]) == ("email", "click")
    assert of_click["attribute"] == ""
    assert (of_topic["attribute"], of_topic["value"]) == ("topic", topic)


@pytest.mark.parametrize(
    "rule_id", ["free_mail_domain", "name_without_vowel", "company_from_internet_provider"]
)
def test_doubtful_data_takes_points_away(rule_id: str):
    assert Decimal(read_rule("rules_data_quality", rule_id)["points"]) < 0


def test_webinar_loses_half_its_ten_points_a_month_linearly():
    rule = read_rule("rules_behavioral", "webinar_attended")
    assert (rule["points"], rule["decay"], rule["half_life_days"]) == ("10", "linear", "30")
    assert rule["floor_weight"] == ""


def test_demographic_points_are_held_between_0_and_30():
    [demographic] = [
        row for row in read_default_rows("dimensions") if row["dimension"] == "demographic"
    ]
    assert (demographic["min_points"], demographic["max_points"]) == ("0", "30")


@pytest.mark.parametrize(
    ("score", "stage", "action"),
    [
        (1, "awareness", "automated nurture campaign"),
        (25, "awareness", "automated nurture campaign"),
        (26, "interest", "automated nurture campaign"),
        (49, "interest", "automated nurture campaign"),
        (50, "interest", "personal nurture"),
        (51, "consideration", "personal nurture"),
        (64, "consideration", "personal nurture"),
        (65, "consideration", "call from a seller"),
        (74, "consideration", "call from a seller"),
        (75, "consideration", "call from a senior seller"),
        (76, "purchase", "call from a senior seller"),
        (100, "purchase", "call from a senior seller"),
    ],
)
def test_score_leads_to_stage_and_action(score: int, stage: str, action: str):
    entered = [row for row in read_default_rows("tiers") if Decimal(row["enter_at"]) <= score]
    tier = max(entered, key=lambda row: Decimal(row["enter_at"]))
    assert (tier["stage"], tier["action"]) == (stage, action)


def test_half_the_key_fields_can_be_filled():
    assert len(read_default_rows("key_fields")) % 2 == 0


def test_size_and_money_bands_do_not_overlap():
    bands: dict[tuple[str, str], list[tuple[Decimal, Decimal]]] = {}
    for name in ATTRIBUTE_RULE_FILES:
        for row in read_rows(RULES / f"{name}.csv"):
            if row["operator"] == "between":
                low, high = row["value"].split("..")
                band = (Decimal(low or "-Infinity"), Decimal(high or "Infinity"))
                bands.setdefault((row["model_id"], row["attribute"]), []).append(band)
    assert (MODEL, "employee_count") in bands
    for attribute, ranges in bands.items():
        ranges.sort()
        for (_, high), (next_low, _) in pairwise(ranges):
            assert high <= next_low, attribute


@pytest.mark.parametrize(("title", "level", "job_function"), TITLES)
def test_job_title_tells_level_and_function(
    title: str, level: str | None, job_function: str | None
):
    assert find_first(read_patterns("job_levels", "level"), title) == level
    assert find_first(read_patterns("job_functions", "job_function"), title) == job_function


def test_rules_name_only_levels_and_functions_that_the_patterns_give():
    known = {
        "job_level": {row["level"] for row in read_rows(REFERENCE / "job_levels.csv")},
        "job_function": {row["job_function"] for row in read_rows(REFERENCE / "job_functions.csv")},
    }
    for row in read_rows(RULES / "rules_demographic.csv"):
        if row["attribute"] in known and row["operator"] in ("equals", "in"):
            assert set(row["value"].split("|")) <= known[row["attribute"]], row["rule_id"]


@pytest.mark.parametrize(
    ("organization", "is_provider"),
    [
        ("Comcast Cable Communications, LLC", True),
        ("Deutsche Telekom AG", True),
        ("Vodafone GmbH", True),
        ("Verizon Business", True),
        ("Virgin Media Limited", True),
        ("Orange S.A.", True),
        ("Reliance Jio Infocomm Limited", True),
        ("Acme Broadband", True),
        ("Acme Manufacturing Inc", False),
        ("Orange County Logistics", False),
        ("Bright Fiber Textiles", False),
        ("Sky Harbor Airport Authority", False),
        ("Optimus Retail", False),
    ],
)
def test_internet_providers_are_told_from_companies(organization: str, is_provider: bool):
    patterns = [row["pattern"] for row in read_rows(REFERENCE / "isp_organizations.csv")]
    found = any(re.search(pattern, organization, re.IGNORECASE) for pattern in patterns)
    assert found is is_provider


@pytest.mark.parametrize(
    ("file_name", "column"),
    [
        ("free_mail_domains", "domain"),
        ("disposable_mail_domains", "domain"),
        ("role_mailboxes", "local_part"),
        ("isp_organizations", "pattern"),
        ("job_levels", "rank"),
        ("job_functions", "rank"),
    ],
)
def test_reference_lists_name_everything_once(file_name: str, column: str):
    counts = Counter(
        row[column].strip().lower() for row in read_rows(REFERENCE / f"{file_name}.csv")
    )
    assert [value for value, count in counts.items() if count > 1] == []


def test_no_domain_is_both_free_and_disposable():
    free = {row["domain"] for row in read_rows(REFERENCE / "free_mail_domains.csv")}
    disposable = {row["domain"] for row in read_rows(REFERENCE / "disposable_mail_domains.csv")}
    assert free & disposable == set()


def test_patterns_stay_within_what_every_engine_reads():
    """RE2, PostgreSQL and Java disagree on look-around, back references, inline flags and word
    boundaries, and the cells of a rule book are trimmed."""
    patterns = [
        row["pattern"]
        for name in ["isp_organizations", "job_levels", "job_functions"]
        for row in read_rows(REFERENCE / f"{name}.csv")
    ] + [
        row["value"]
        for path in RULES.glob("*.csv")
        for row in read_rows(path)
        if row.get("operator") == "matches"
    ]
    for pattern in patterns:
        assert pattern == pattern.strip(), pattern
        assert not re.search(r"\(\?|\\[^.]", pattern), pattern
        assert re.search(pattern, "") is None, pattern
