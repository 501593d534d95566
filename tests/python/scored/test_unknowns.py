"""What missing fields may still change: exact figures by hand, and the law that whatever a missing
field turns out to be, the score lies in the range that was stated before it was known."""

from __future__ import annotations

import csv
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from dbt_runs import (
    AS_OF,
    DEFAULT_MODEL,
    SCORES,
    SHIPPED_RULES,
    build_warehouse,
    copy_rules_without_options,
    lead,
    query,
)

# attribute, operator, value, points
FEW_RULES = {
    "demographic": [("job_level", "equals", "vp", 12), ("job_level", "equals", "student", -8)],
    "firmographic": [
        ("employee_count", "between", "50..250", 6),
        ("employee_count", "between", "250..", 4),
        ("industry", "equals", "Software", 5),
        ("industry", "contains", "gov", -4),
    ],
    "data_quality": [
        ("phone_quality", "equals", "ok", 2),
        ("phone_quality", "equals", "invalid", -3),
        ("phone_quality", "equals", "missing", -1),
        ("job_title", "missing", "", -2),
        ("completeness_pct", "between", "60..", 3),
    ],
}
FEW_LIMITS = {"demographic": (0, 20), "firmographic": (-10, 10), "data_quality": (-5, 5)}
FEW_TIERS = {"call": 20, "mail": 10, "none": 0}
FEW_KEY_FIELDS = ["email", "phone", "job_title", "industry", "employee_count"]

# Every operator, on attributes of every kind; values beside each other that rules tell apart.
MANY_RULES = {
    "demographic": [
        ("job_level", "in", "vp|director", 7),
        ("job_level", "present", "", 2),
        ("job_level", "missing", "", -3),
        ("job_title", "equals", "VP Sales", 3),
        ("job_title", "matches", "^head", 4),
        ("job_title", "contains", "intern", -6),
        ("region", "starts_with", "north", -2),
        ("region", "present", "", 1),
        ("region", "not_in", "south|north", 3),
        ("job_title", "not_contains", "vp", -2),
        ("job_title", "not_matches", "of", 1),
        ("senior_in_the_north", "equals", "true", 4),
        ("senior_in_the_north", "missing", "", -1),
    ],
    "firmographic": [
        # Above 100 a lead has more than at 100 and than below: 7, 4 and 5 points.
        ("employee_count", "between", "..100", 5),
        ("employee_count", "between", "100..", 7),
        ("employee_count", "equals", "100", -3),
        ("employee_count", "in", "5|250", -2),
        ("company_name", "present", "", 1),
        ("account_industry", "equals", "Software", 4),
        ("account_name", "missing", "", -1),
        ("industry", "in", "Software|Retail", 5),
        ("industry", "ends_with", "care", -4),
        ("industry", "missing", "", 2),
        ("industry", "not_equals", "retail", -1),
        ("employee_count", "at_least", "101", 2),
        ("employee_count", "at_most", "99", -3),
        ("large_or_software", "equals", "true", 2),
        ("large_or_software", "equals", "false", -2),
    ],
    "readiness": [
        ("won_opportunities", "between", "1..2", 3),
        ("won_opportunities", "between", "2..", 6),
        ("is_existing_customer", "equals", "true", -4),
        ("is_existing_customer", "equals", "false", 1),
        ("budget", "between", "10..20", 4),
        ("budget", "equals", "20", 9),
        ("budget", "between", "20..", -3),
        ("budget", "present", "", 1),
        ("untold", "equals", "true", 3),
        ("untold", "missing", "", -4),
    ],
    "data_quality": [
        ("email_kind", "in", "missing|invalid", -4),
        ("email_kind", "equals", "free", -2),
        ("email_kind", "equals", "role", 1),
        ("email_domain", "ends_with", ".edu", -3),
        ("email_matches_company", "equals", "true", 2),
        ("email_matches_company", "equals", "false", -2),
        ("name_quality", "equals", "digits", -5),
        ("name_quality", "equals", "no_vowel", -3),
        ("name_quality", "in", "missing|repeated", -1),
        ("company_source", "equals", "isp", -5),
        ("company_source", "equals", "inferred", 1),
        ("company_source", "equals", "missing", -2),
        ("company_source", "equals", "stated", 2),
        ("phone_quality", "equals", "ok", 2),
        ("phone_quality", "equals", "invalid", -3),
        ("completeness_pct", "between", "..30", -4),
        ("completeness_pct", "between", "50..75", 3),
        ("completeness_pct", "between", "75..", 1),
        ("do_not_contact", "equals", "true", -7),
        ("mostly_told", "equals", "true", 2),
        ("mostly_told", "not_equals", "true", -1),
    ],
}
# All rows of a condition together; one builds on another, on the share of key fields, on what is
# missing.
MANY_CONDITIONS = [
    ("senior_in_the_north", "job_level", "in", "vp|director"),
    ("senior_in_the_north", "region", "starts_with", "north"),
    ("small_and_other", "employee_count", "at_most", "99"),
    ("small_and_other", "industry", "not_equals", "Software"),
    ("large_or_software", "small_and_other", "equals", "false"),
    ("untold", "budget", "missing", ""),
    ("untold", "phone_quality", "not_equals", "ok"),
    ("mostly_told", "completeness_pct", "at_least", "50"),
    ("mostly_told", "senior_in_the_north", "present", ""),
]
MANY_LIMITS = {
    "demographic": (0, 10),
    "firmographic": ("", ""),
    "readiness": (-5, 8),
    "data_quality": (-12, ""),
}
MANY_TIERS = {"high": 15, "middle": 5, "low": -10}
MANY_KEY_FIELDS = ["email", "phone", "job_title", "industry", "company_name", "budget", "job_level",
                   "senior_in_the_north"]  # fmt: skip


def write_rules(
    folder: Path,
    rules: Mapping[str, Sequence[tuple]],
    *,
    limits: Mapping[str, tuple],
    tiers: Mapping[str, float],
    key_fields: Sequence[str],
    scores: tuple[float, float],
    further: Mapping[str, Sequence[Mapping[str, object]]] | None = None,
) -> Path:
    """A rule book with one model `m` of these attribute rules and no others but the rows of
    `further`, which stand in place of a file's; returns its folder."""
    copy_rules_without_options(folder)
    dated = {"reason": "r", "owner": "o", "valid_from": "2025-01-01", "valid_to": ""}
    tables = {
        f"rules_{dimension}": [
            {"rule_id": f"{dimension}_{number}", **dated,
             **dict(zip(("attribute", "operator", "value", "points"), rule, strict=True))}
            for number, rule in enumerate(rules.get(dimension, []))
        ]
        for dimension in ("demographic", "firmographic", "readiness", "data_quality")
    }  # fmt: skip
    # A rule that has ended and one that has not begun count for nothing.
    for number, period in enumerate([("2025-01-01", AS_OF), ("2026-07-01", "")]):
        period = dict(zip(("valid_from", "valid_to"), period, strict=True))
        tables["rules_demographic"].append(
            {"rule_id": f"not_on_the_day_{number}", "attribute": "job_level", "operator": "present",
             "value": "", "points": 50, **dated, **period}
        )  # fmt: skip
    tables["dimensions"] = [
        {"dimension": dimension, "axis": "fit", "min_points": low, "max_points": high}
        for dimension, (low, high) in limits.items()
    ]
    tables["tiers"] = [{"tier": tier, "enter_at": enter_at} for tier, enter_at in tiers.items()]
    tables["key_fields"] = [{"attribute": attribute} for attribute in key_fields]
    tables["models"] = [
        {"title": "M", "goal": "buys", "role": "champion", "version": "1",
         "min_score": scores[0], "max_score": scores[1]}
    ]  # fmt: skip
    tables |= {"grades": [], "exclusions": [], "rules_behavioral": [], "rules_sequence": []}
    tables |= further or {}
    for name, rows in tables.items():
        path = folder / f"{name}.csv"
        shipped = (SHIPPED_RULES / path.name).read_text(encoding="utf-8")
        columns = shipped.splitlines()[0].split(",")
        # Columns that a file may leave out are not in the shipped one.
        columns += sorted({column for row in rows for column in row} - {*columns})
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            model = {"model_id": "m"} if "model_id" in columns else {}
            writer.writerows({**model, **row} for row in rows)
    return folder


def read_unknowns(warehouse: Path, lead_id: str, *columns: str, model_id: str = "m") -> tuple:
    """Some columns of a lead's row in lead_unknowns, numbers as floats."""
    (row,) = query(
        warehouse,
        f"select {', '.join(columns)} from lead_unknowns"
        f" where lead_id = '{lead_id}' and model_id = '{model_id}'",
    )
    return tuple(
        value if value is None or isinstance(value, str) else float(value) for value in row
    )


UNKNOWN = (*SCORES, "lead_unknowns", "unknown_fields")
RANGE = ("lowest_score", "highest_score", "lowest_tier", "highest_tier")
DECIDING = ("deciding_field", "deciding_probability")


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    """Two leads to look at, one excluded one, and forty that know one field each."""
    folder = tmp_path_factory.mktemp("unknowns")
    rules = write_rules(
        folder / "rules", FEW_RULES, limits=FEW_LIMITS, tiers=FEW_TIERS,
        key_fields=FEW_KEY_FIELDS, scores=(0, 100),
    )  # fmt: skip
    sizes = [100] * 8 + [500] * 4 + [10] * 8
    industries = ["Software"] * 5 + ["Government"] * 5 + ["Retail"] * 10
    return build_warehouse(
        folder,
        {
            "crm.leads": [
                lead("blank", email="blank@acme.example"),
                lead("titled", email="titled@acme.example", phone="+1 415 555 0123",
                     job_title="VP Marketing"),
                lead("excluded", do_not_contact="true"),
                *(lead(f"size_{n}", email=f"size_{n}@acme.example", employee_count=size)
                  for n, size in enumerate(sizes)),
                *(lead(f"industry_{n}", email=f"industry_{n}@acme.example", industry=industry)
                  for n, industry in enumerate(industries)),
            ]
        },
        rules=rules,
        models=UNKNOWN,
    )  # fmt: skip


def test_the_range_is_what_the_missing_fields_allow(warehouse):
    # 12 of the title, 2 of the phone, 3 of three key fields of five. Its industry may take 4 or
    # give 5, its size give 6: 11, of which the dimension holds 10.
    assert read_unknowns(warehouse, "titled", *RANGE) == (17 - 4, 17 + 10, "mail", "call")
    # Missing phone and title take 3 now, and more than 0 is not taken. At most 12 of the title,
    # 10 of the company, 5 of the data (2 of the phone, 3 of five key fields).
    assert read_unknowns(warehouse, "blank", *RANGE) == (0, 12 + 10 + 5, "none", "call")
    # Of its size it has 6 already, and the company gives no more than 10.
    assert read_unknowns(warehouse, "size_0", *RANGE) == (0, 12 + 10 + 5, "none", "call")


def test_fields_are_listed_that_can_move_the_points(warehouse):
    fields = {
        lead_id: read_unknowns(warehouse, lead_id, "unknown_fields")[0]
        for lead_id in ("titled", "blank", "size_0", "excluded")
    }
    assert fields == {
        "titled": "employee_count|industry",
        "blank": "employee_count|industry|job_title|phone",
        "size_0": "industry|job_title|phone",
        # No rule asks for the address, but it is a key field.
        "excluded": "email|employee_count|industry|job_title|phone",
    }


def test_the_deciding_field_is_the_one_whose_known_values_would_most_often_change_the_tier(
    warehouse,
):
    # 17 points and 3 short of `call`: 12 of the 20 known sizes give 6 or 4, 5 of the 20
    # industries give 5.
    assert read_unknowns(warehouse, "titled", *DECIDING) == ("employee_count", 0.6)
    # Its title alone can lift it from -3 to 12 - 1; but only one lead's title is known.
    assert read_unknowns(warehouse, "blank", *DECIDING) == ("job_title", None)
    # Software makes 11 of 6, held at 10, and the third key field gives back the 3 points that
    # phone and title take: 10, which is `mail`.
    assert read_unknowns(warehouse, "size_0", *DECIDING) == ("industry", 0.25)
    assert read_unknowns(warehouse, "size_8", *DECIDING) == ("job_title", None)
    # 5 of its industry: 100 employees make it 10, 500 make it 9.
    assert read_unknowns(warehouse, "industry_0", *DECIDING) == ("employee_count", 0.4)


def test_fields_are_ranked_by_the_tiers_that_hang_on_them(warehouse):
    ranked = query(
        warehouse,
        "select attribute, leads_missing, leads_missing_pct::double, leads_whose_tier_hangs_on_it,"
        " expected_tier_changes::double, rank from unknown_fields order by rank",
    )
    assert ranked == [
        # `titled` with 0.6, five software companies with 0.4 each.
        ("employee_count", 22, 52.38, 6, 2.6, 1),
        # `titled` with 0.25, eight companies of 100 with 0.25 each.
        ("industry", 22, 52.38, 9, 2.25, 2),
        # Known of one lead only, so nobody can say how likely.
        ("job_title", 41, 97.62, 41, 0, 3),
        ("phone", 41, 97.62, 0, 0, 4),
    ]


def test_a_full_profile_without_its_phone_by_the_shipped_rules(tmp_path):
    known = lead(
        "no_phone", email="ann@acme.example", first_name="Ann", last_name="Lee",
        job_title="VP Marketing", company_name="Acme", company_domain="acme.example",
        industry="Software", employee_count=250, country="US", do_not_contact="false",
    )  # fmt: skip
    warehouse = build_warehouse(tmp_path, {"crm.leads": [known]}, models=UNKNOWN)
    # 28 of the title and 3 for who decides in a company of that size, held at 30; 20 of the
    # company, 8 of the data: 58. At least: a bad phone (-3) and a purchased list (-6); a budget
    # too small is held at 0. At most: the company's 25 (5 of the revenue, 3 of the CRM, 2 of the
    # account come to 30), readiness held at 25, data at 10.
    assert read_unknowns(warehouse, "no_phone", *RANGE, model_id=DEFAULT_MODEL) == (
        30 + 20 + 8 - 9, 30 + 25 + 25 + 10, "nurture", "ready_to_buy",
    )  # fmt: skip
    # Who owns its IP address does not matter: the company is stated.
    assert read_unknowns(warehouse, "no_phone", "unknown_fields", model_id=DEFAULT_MODEL) == (
        "account_id|annual_revenue|authority|budget|crm_system|current_vendor|lead_source|need"
        "|phone|team_size|timeline",
    )
    # A purchased list takes it to 52, a recommendation or an advert to no more than 63: the tier
    # from 51 to 65 stays. An account that we know (2) and that bought (4) twice (3): 67.
    assert read_unknowns(warehouse, "no_phone", *DECIDING, model_id=DEFAULT_MODEL) == (
        "account_id", None,
    )  # fmt: skip


VALUES = {
    "email": ["p{n}@acme.example", "p{n}@gmail.com", "info@p{n}.example", "p{n}@", "p{n}@uni.edu"],
    "first_name": ["Ann", "J4ne", "Xzrt", "Bbb", " "],
    "last_name": ["Lee", "L33", "Zrt", "Ooo"],
    "phone": ["+1 415 555 0123", "12", "0000000"],
    "job_title": ["VP Sales", "Head of Data", "Internship", "Gardener", "Director", "intern, vp"],
    "company_name": ["Acme", "Acme Consulting"],
    "company_domain": ["acme.example", "other.example"],
    "industry": ["Software", "retail", "Healthcare", "Mining"],
    "employee_count": [0, 5, 99, 100, 101, 250, 1_000_000],
    "region": ["North", "northern", "South"],
    "ip_organization": ["Comcast Cable", "Acme Holding"],
    "account_id": ["A1", "A2", "A3", "A4"],
    "do_not_contact": ["true", "false"],
    "budget": ["9.99", "10", "20", "20.5", "1e9", "lots", "-3"],
}
account = {"updated_at": "2026-01-01", "_loaded_at": "2026-01-01"}
won = {"is_won": "true", **dict.fromkeys(
    ("created_at", "closed_at", "updated_at", "_loaded_at"), "2026-01-01"
)}  # fmt: skip


@pytest.fixture(scope="module")
def many_rules(tmp_path_factory):
    """A rule book of every operator, with conditions."""
    return write_rules(
        tmp_path_factory.mktemp("many") / "rules", MANY_RULES, limits=MANY_LIMITS, tiers=MANY_TIERS,
        key_fields=MANY_KEY_FIELDS, scores=(-10, 30),
        further={
            "conditions": [
                dict(zip(("condition", "attribute", "operator", "value"), row, strict=True))
                for row in MANY_CONDITIONS
            ]
        },
    )  # fmt: skip


def test_what_a_missing_field_turns_out_to_be_keeps_the_score_in_its_range(many_rules, tmp_path):
    chance = random.Random(1)
    before, after, found_alone = [], [], {}
    for number in range(600):
        full = {name: chance.choice(values) for name, values in VALUES.items()}
        missing = {name for name in VALUES if chance.random() < chance.choice([0.2, 0.5, 0.8])}
        learned = missing
        if missing and chance.random() < 0.5:
            found_alone[number] = chance.choice(sorted(missing))
            learned = {found_alone[number]}
        before.append({name: None if name in missing else full[name] for name in VALUES})
        after.append({name: None if name in missing - learned else full[name] for name in VALUES})
    # Two leads per person, one as it is known now and one as it is known later: nothing that is
    # known of one lead moves another's range.
    told = _tell_unknowns(tmp_path, before + after, many_rules)
    moved = 0
    for number, cases in enumerate(zip(before, after, strict=True)):
        score, lowest, highest, alone = told[number]
        later_score, later_lowest, later_highest, _ = told[len(before) + number]
        assert lowest <= score <= highest, cases
        assert lowest <= later_lowest <= later_score <= later_highest <= highest, cases
        if number in found_alone:
            low, high = alone.get(found_alone[number], (score, score))
            assert low <= later_score <= high, cases
        moved += later_score != score
    assert moved > 200, "little was learned"


def _tell_unknowns(folder: Path, people, rules: Path) -> dict[int, tuple]:
    """Number of a person -> its score, the lowest and highest one, and those of each missing field
    alone."""
    leads, attributes = [], []
    for number, columns in enumerate(people):
        told = dict(columns)
        budget = told.pop("budget")
        if told["email"]:
            told["email"] = told["email"].format(n=number)
        leads.append(lead(f"L{number}", **told))
        attributes.append(
            {"lead_id": f"L{number}", "attribute": "budget", "value": budget, **account}
        )
    tables = {
        "crm.leads": leads,
        "crm.lead_attributes": attributes,
        "crm.accounts": [
            {"account_id": "A1", "account_name": "Acme", "industry": "Software",
             "is_customer": "true", **account},
            {"account_id": "A2", "account_name": None, "industry": None, "is_customer": None,
             **account},
            {"account_id": "A3", "account_name": "Else", "industry": "Mining",
             "is_customer": "false", **account},
        ],
        "crm.opportunities": [
            {"opportunity_id": f"O{number}", "account_id": account_id, **won}
            for number, account_id in enumerate(["A2", "A3", "A3"])
        ],
    }  # fmt: skip
    warehouse = build_warehouse(folder, tables, rules=rules, models=UNKNOWN)
    told = {
        int(lead_id[1:]): (score, lowest, highest, {})
        for lead_id, score, lowest, highest in query(
            warehouse,
            "select lead_id, score, lowest_score, highest_score"
            " from lead_scores join lead_unknowns using (as_of_date, model_id, lead_id)",
        )
    }
    for lead_id, field, lowest, highest in query(
        warehouse,
        "select lead_id, attribute, lowest_score, highest_score from scoring.unknown_scores"
        " join intermediate.int_lead_numbers using (lead_no)"
        " join rule_book.named_attributes on field_no = attribute_no",
    ):
        told[int(lead_id[1:])][3][field] = (lowest, highest)
    assert len(told) == len(people)
    return told
