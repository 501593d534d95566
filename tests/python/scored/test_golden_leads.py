"""Golden leads: written down by hand, scored with the shipped rule book, exact to the last decimal.

Each test is named after what it shows. The figures come from the scoring guides that the contract
names, or follow from the rule's row by hand.
"""

from __future__ import annotations

import pytest
from dbt_runs import (
    SCORES,
    activity,
    build_warehouse,
    email_event,
    lead,
    query,
    read_ledger,
    read_score,
    web_event,
)

SITE = "https://www.tidewater.example"
FILLED = {
    "first_name": "Ann",
    "last_name": "Lee",
    "phone": "+1 415 555 0123",
    "job_title": "VP Marketing",
    "company_name": "Acme",
    "industry": "Software",
    "employee_count": 250,
    "country": "US",
}

LEADS = [
    lead("clicker", email="clicker@acme.example"),
    lead("recent", email="recent@acme.example"),
    lead("spread", email="spread@acme.example"),
    lead("month_0", email="month0@acme.example"),
    lead("month_1", email="month1@acme.example"),
    lead("month_2", email="month2@acme.example"),
    lead("half_filled", email="half@acme.example", first_name="Ann", last_name="Lee",
         phone="+1 415 555 0123", country="US"),
    lead("plain", email="ann@acme.example", company_domain="acme.example", **FILLED),
    lead("free_mail", email="ann@gmail.com", company_domain="acme.example", **FILLED),
    lead("no_vowel", email="ann2@acme.example", company_domain="acme.example",
         **{**FILLED, "last_name": "Xzrt"}),
    lead("isp", email="ann3@acme.example", ip_organization="Comcast Cable",
         **{**FILLED, "company_name": None}),
    lead("inferred", email="ann4@acme.example", ip_organization="Acme Holding",
         **{**FILLED, "company_name": None}),
    lead("student", email="kim@acme.example", **{**FILLED, "job_title": "Student"}),
    lead("competitor", email="spy@rivalmetrics.example", **FILLED),
    lead("do_not_contact", email="no@acme.example", do_not_contact="true", **FILLED),
    lead("deleted", email="gone@acme.example", is_deleted="true", **FILLED),
    lead("tomorrow", email="tomorrow@acme.example", created_at="2026-07-01 00:00:00"),
]  # fmt: skip

CAMPAIGNS = [
    {"campaign_id": topic, "campaign_name": topic, "topic": topic, "_loaded_at": "2026-01-01"}
    for topic in ("industry", "company", "product")
]


def click(lead_id: str, day: str, topic: str | None = None):
    """A click on a mail about a topic by the lead of that name."""
    address = {"recent": "recent", "spread": "spread", "clicker": "clicker"}[lead_id]
    return email_event(
        f"{lead_id}-{day}-{topic}", day, email=f" {address}@ACME.example ", campaign_id=topic
    )


EMAIL_EVENTS = [
    click("clicker", "2026-06-30", "industry"),
    click("clicker", "2026-06-29", "company"),
    click("clicker", "2026-06-28", "product"),
    # Ten days ago a click about the industry: 3 + 1.
    click("recent", "2026-06-20", "industry"),
    # One mail a week ago and one a month ago, 3 points each, and older ones.
    click("spread", "2026-06-23"),
    click("spread", "2026-05-31"),
    click("spread", "2026-02-25"),
    click("spread", "2026-02-26", "industry"),
    click("spread", "2026-01-31", "company"),
]

ACTIVITIES = [
    # 10 today, 12 a day ago, 10 five days ago.
    activity("r1", "2026-06-30", "recent", "webinar_attended"),
    activity("r2", "2026-06-29", "recent", "meeting"),
    activity("r3", "2026-06-25", "recent", "webinar_attended"),
    # 2 two months ago; 2 and 5 three months; 2 four months; 2 six months ago.
    activity("s1", "2026-04-30", "spread", "webinar_registered"),
    activity("s2", "2026-03-31", "spread", "webinar_registered"),
    activity("s4", "2026-02-24", "spread", "webinar_registered"),
    activity("s5", "2026-01-01", "spread", "webinar_registered"),
    activity("m0", "2026-06-30", "month_0", "webinar_attended"),
    activity("m1", "2026-05-31", "month_1", "webinar_attended"),
    activity("m2", "2026-05-01", "month_2", "webinar_attended"),
]

WEB_EVENTS = [
    web_event("w1", "2026-03-30", email="spread@acme.example", event_type="download",
              url=f"{SITE}/whitepapers/forecasting"),
    web_event("w2", "2026-03-29", email="spread@acme.example", event_type="social_share"),
]  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    """All golden leads, scored once."""
    return build_warehouse(
        tmp_path_factory.mktemp("golden"),
        {
            "crm.leads": LEADS,
            "crm.activities": ACTIVITIES,
            "web.events": WEB_EVENTS,
            "email.campaigns": CAMPAIGNS,
            "email.events": EMAIL_EVENTS,
        },
        models=SCORES,
    )


def test_a_click_is_worth_more_the_closer_its_mail_is_to_buying(warehouse):
    raw = read_ledger(warehouse, "clicker", column="raw_points")
    assert raw["email_click"] == 9, "three clicks, 3 points each"
    one_click = 3
    assert one_click + raw["email_click_industry"] == 4
    assert one_click + raw["email_click_company"] == 8
    assert one_click + raw["email_click_product"] == 13


def test_equal_undecayed_points_are_far_apart_once_decayed(warehouse, capsys):
    columns = ("behavioral_points_undecayed", "behavioral_points")
    recent_undecayed, recent = read_score(warehouse, "recent", *columns)
    spread_undecayed, spread = read_score(warehouse, "spread", *columns)
    with capsys.disabled():
        print(
            f"\n    36 points in ten days are worth {recent} today,"
            f" 36 points over six months {spread}"
        )
    assert (recent_undecayed, spread_undecayed) == (36, 36)
    assert recent > 3 * spread
    # Two webinars fading linearly by half a month, a meeting and a click by their half-lives.
    assert read_ledger(warehouse, "recent")["webinar_attended"] == round(10 + 10 * (1 - 5 / 60), 4)


def test_ten_points_losing_half_a_month_are_five_after_one_and_none_after_two(warehouse):
    points = [read_ledger(warehouse, f"month_{n}")["webinar_attended"] for n in (0, 1, 2)]
    assert points == [10, 5, 0]


def test_half_the_key_fields_filled_is_completeness_50(warehouse):
    assert read_score(warehouse, "half_filled", "completeness_pct") == (50,)


@pytest.mark.parametrize(
    ("lead_id", "rule_id", "points"),
    [
        ("free_mail", "free_mail_domain", -6),
        ("no_vowel", "name_without_vowel", -5),
        ("isp", "company_from_internet_provider", -5),
    ],
)
def test_doubtful_data_takes_points_away(warehouse, lead_id, rule_id, points):
    assert read_ledger(warehouse, lead_id)[rule_id] == points
    assert rule_id not in read_ledger(warehouse, "plain")
    doubtful = read_score(warehouse, lead_id, "data_quality_points")
    assert doubtful < read_score(warehouse, "plain", "data_quality_points")


def test_a_company_inferred_from_its_own_address_is_not_an_internet_provider(warehouse):
    assert "company_from_internet_provider" not in read_ledger(warehouse, "inferred")


def test_demographic_points_stay_between_0_and_30(warehouse):
    assert read_ledger(warehouse, "student")["cap:demographic"] == 15
    assert read_score(warehouse, "student", "demographic_points") == (0,)
    lowest_and_highest = query(
        warehouse,
        "select min(demographic_points), max(demographic_points) from lead_scores"
        " where model_id = 'b2b_software'",
    )
    assert lowest_and_highest == [(0, 30)]


def test_a_full_profile_gets_exactly_these_points_for_these_reasons(warehouse):
    assert read_ledger(warehouse, "plain") == {
        "level_c_or_vp": 18,
        "function_marketing": 10,
        "decision_maker_of_our_size": 3,
        "cap:demographic": -1,
        "industry_software": 6,
        "employees_250_to_999": 10,
        "country_english_speaking": 4,
        "corporate_email": 3,
        "email_matches_company": 2,
        "phone_valid": 2,
        "profile_well_filled": 3,
    }
    assert read_score(warehouse, "plain", "score", "fit_score", "engagement_score") == (
        60, 66.6667, 0,
    )  # fmt: skip


def test_the_explanation_adds_up_to_the_score_of_every_lead(warehouse):
    off = query(
        warehouse,
        """
        select model_id, lead_id, score, sum(points) as explained
        from lead_scores left join lead_score_ledger using (as_of_date, model_id, lead_id)
        group by all having score <> coalesce(sum(points), 0)
        """,
    )
    assert off == []


def test_deleted_and_later_leads_are_not_scored(warehouse):
    scored = {lead_id for (lead_id,) in query(warehouse, "select lead_id from lead_scores")}
    assert scored == {row["lead_id"] for row in LEADS} - {"deleted", "tomorrow"}


def test_excluded_leads_keep_their_score_and_say_why(warehouse):
    rows = query(
        warehouse,
        "select distinct lead_id, exclusion_reason from lead_scores where is_excluded order by 1",
    )
    assert rows == [
        ("competitor", "Works for a competitor"),
        ("do_not_contact", "Asked not to be contacted"),
    ]
    assert read_score(warehouse, "competitor", "score") > (0,)


def test_evidence_and_reasons_hold_no_personal_data(warehouse):
    told = " ".join(
        text or ""
        for row in query(
            warehouse,
            "select evidence, reason from lead_score_ledger"
            " union all select top_reasons, exclusion_reason from lead_scores",
        )
        for text in row
    ).lower()
    assert "vp" in told, "evidence does name what is not personal"
    for secret in ("acme.example", "gmail.com", "ann", "555 0123"):
        assert f" {secret}" not in told
