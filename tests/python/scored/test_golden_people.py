"""Golden leads on who did what: people, machines, sequences, product lines, accounts.

Written down by hand, scored with the shipped rule book, exact to the last decimal. Each test is
named after what it shows; the points follow from the rules' rows by hand.
"""

from __future__ import annotations

import csv
import shutil

import pytest
from dbt_runs import (
    SCORES,
    SHIPPED_RULES,
    activity,
    build_warehouse,
    email_event,
    lead,
    query,
    read_ledger,
    read_score,
    score_raw,
    web_event,
)

SITE = "https://www.tidewater.example"
ALL_PRODUCTS, CHAMPION, CHALLENGER = "b2b_software", "automation_line", "automation_line_next"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"
CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
PRIVACY_PROXY = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) (via ggpht.com GoogleImageProxy)"

# With a mail address at acme.example 58 points: level 18, function 10, industry 6, size 10,
# country 4, good data 10.
FILLED = {
    "first_name": "Ann",
    "last_name": "Lee",
    "phone": "+1 415 555 0123",
    "job_title": "VP Marketing",
    "company_name": "Acme",
    "company_domain": "acme.example",
    "industry": "Software",
    "employee_count": 250,
    "country": "US",
}


def person(lead_id: str, **columns: object):
    """A lead with an address of its own."""
    return lead(lead_id, **{"email": f"{lead_id}@acme.example", **columns})


def view(event_id: str, day: str, path: str, **columns: object):
    """A page view with a browser; without an address of its own it is its visitor's."""
    return web_event(event_id, day, url=f"{SITE}{path}", **{"user_agent": BROWSER, **columns})


def mail_click(event_id: str, time: str, lead_id: str, campaign_id: str, link: str = "/a"):
    """A click at a second of a day (`2026-06-30 12:00:01`)."""
    return email_event(
        event_id, time[:10], email=f"{lead_id}@acme.example", campaign_id=campaign_id,
        url=f"{SITE}{link}", occurred_at=time,
    )  # fmt: skip


MARTS = (*SCORES, "lead_score_parts", "account_scores", "lead_activities")
LEADS = [
    # Visitors who say who they are.
    *(person(name) for name in ("anna", "ben", "cara", "dave", "emma", "fred")),
    # One person twice in the CRM.
    person("newer_twin", email="twin@acme.example"),
    person("older_twin", email=" TWIN@Acme.example ", created_at="2025-12-01 00:00:00"),
    # Machines.
    *(person(name) for name in ("proxied", "opener", "scanned", "greeted", "reader", "crawled")),
    # Sequences, surges, quiet.
    *(person(name) for name in ("in_window", "too_late", "twice", "latent", "active")),
    # Product lines.
    person("olga"),
    # Exclusions.
    person("customer", account_id="customers"),
    person("employee", email="employee@tidewater.example"),
    person("rival", email="rival@rivalmetrics.example", do_not_contact="true"),
    person("former_rival", email="former@plotwise.example"),
    person("test-lead-1"),
    # Three people of one company, and one who does not speak for it.
    person("boss", account_id="acme", **FILLED),
    person("user", account_id="acme", **{**FILLED, "job_title": "Data Analyst"}),
    person("silent", account_id="acme", **FILLED),
    person("refuser", account_id="acme", do_not_contact="true", **FILLED),
]

ACCOUNTS = [
    {"account_id": name, "is_customer": is_customer, "updated_at": "2026-01-01",
     "_loaded_at": "2026-01-01"}
    for name, is_customer in (("customers", "true"), ("acme", "false"))
]  # fmt: skip

CAMPAIGNS = [
    {"campaign_id": f"{product or topic}", "campaign_name": f"All about {product or topic}",
     "topic": topic, "product": product, "_loaded_at": "2026-01-01"}
    for topic, product in (("product", "automation"), ("product", "analytics"), ("industry", None))
]  # fmt: skip

WEB_EVENTS = [
    # Ten days before anna says who she is.
    view("a1", "2026-06-10", "/pricing", visitor_id="of-anna"),
    web_event("a2", "2026-06-20", visitor_id="of-anna", event_type="demo_request",
              email="anna@acme.example", url=f"{SITE}/demo"),
    # One browser: ben, then cara.
    web_event("b1", "2026-06-05", visitor_id="shared", event_type="form_submit",
              email="ben@acme.example"),
    view("b2", "2026-06-15", "/pricing", visitor_id="shared"),
    web_event("b3", "2026-06-25", visitor_id="shared", event_type="form_submit",
              email="cara@acme.example"),
    # One browser, two names at the same second.
    web_event("d1", "2026-06-25", visitor_id="at-once", event_type="form_submit",
              email="dave@acme.example"),
    web_event("d2", "2026-06-25", visitor_id="at-once", event_type="form_submit",
              email="emma@acme.example"),
    view("d3", "2026-06-30", "/pricing", visitor_id="at-once"),
    # An address that no lead has.
    web_event("f1", "2026-06-25", visitor_id="of-fred", event_type="form_submit",
              email="fred@acme.example"),
    web_event("f2", "2026-06-30", visitor_id="of-fred", event_type="download",
              email="stranger@nowhere.example"),
    # A crawler that follows a person's link, and the person.
    view("c1", "2026-06-30", "/pricing", visitor_id="bot", email="crawled@acme.example",
         user_agent=CRAWLER),
    view("c2", "2026-06-30", "/blog/a", visitor_id="of-crawled", email="crawled@acme.example"),
    # The three pages of a full evaluation, in any order, on the 1st to the 30th day, and the 31st.
    view("s1", "2026-06-01", "/pricing", email="in_window@acme.example"),
    view("s2", "2026-06-10", "/compare/chartly", email="in_window@acme.example"),
    view("s3", "2026-06-30", "/case-studies/one", email="in_window@acme.example"),
    view("s4", "2026-05-31", "/pricing", email="too_late@acme.example"),
    view("s5", "2026-06-10", "/compare/chartly", email="too_late@acme.example"),
    view("s6", "2026-06-30", "/case-studies/one", email="too_late@acme.example"),
    view("s7", "2026-05-02", "/product/analytics", email="twice@acme.example"),
    view("s8", "2026-06-12", "/product/analytics", email="twice@acme.example"),
]  # fmt: skip

EMAIL_EVENTS = [
    email_event("o1", "2026-06-30", event_type="open", email="proxied@acme.example",
                campaign_id="industry", user_agent=PRIVACY_PROXY),
    email_event("o2", "2026-06-30", event_type="open", email="opener@acme.example",
                campaign_id="industry", user_agent=BROWSER),
    # Two links of one mail two seconds apart; a link a second after the mail came; and a person.
    mail_click("k1", "2026-06-29 12:00:00", "scanned", "industry", "/a"),
    mail_click("k2", "2026-06-29 12:00:02", "scanned", "industry", "/b"),
    mail_click("k3", "2026-06-30 09:00:00", "scanned", "industry", "/a"),
    email_event("k4", "2026-06-29", event_type="delivered", email="greeted@acme.example",
                campaign_id="industry"),
    mail_click("k5", "2026-06-29 12:00:01", "greeted", "industry"),
    mail_click("k6", "2026-06-30 12:00:00", "reader", "industry", "/a"),
    mail_click("k7", "2026-06-30 12:00:03", "reader", "industry", "/b"),
    # 21 days ago about automation, today about analytics.
    mail_click("p1", "2026-06-09 12:00:00", "olga", "automation"),
    mail_click("p2", "2026-06-30 12:00:00", "olga", "analytics"),
    mail_click("t1", "2026-06-30 12:00:00", "twin", "industry"),
]  # fmt: skip

ACTIVITIES = [
    activity("t2", "2026-06-30", "newer_twin", "trade_show_visit"),
    activity("s9", "2026-05-01", "twice", "webinar_attended"),
    activity("s10", "2026-06-08", "twice", "webinar_attended"),
    activity("l1", "2026-05-31", "latent", "trade_show_visit"),
    activity("l2", "2026-06-01", "active", "trade_show_visit"),
    activity("p3", "2026-06-30", "olga", "webinar_attended", product="automation"),
    activity("p4", "2026-06-29", "olga", "webinar_attended", product="analytics"),
    activity("p5", "2026-06-28", "olga", "webinar_attended"),
    activity("p6", "2026-06-30", "olga", "product_review", product="Analytics"),
    activity("g1", "2026-06-30", "boss", "meeting"),
    activity("g2", "2026-06-30", "user", "webinar_registered"),
    activity("g3", "2026-06-15", "user", "webinar_registered"),
]

TABLES = {
    "crm.leads": LEADS,
    "crm.accounts": ACCOUNTS,
    "crm.activities": ACTIVITIES,
    "web.events": WEB_EVENTS,
    "email.campaigns": CAMPAIGNS,
    "email.events": EMAIL_EVENTS,
}


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    """All golden leads, scored once."""
    return build_warehouse(tmp_path_factory.mktemp("people"), TABLES, models=MARTS)


@pytest.fixture(scope="module")
def day_before(warehouse, tmp_path_factory):
    """The same raw data as scored on the day before anna said who she is."""
    folder = tmp_path_factory.mktemp("day")
    return score_raw(warehouse.parent / "raw", folder, as_of="2026-06-19", models=MARTS)


def behavioral_ledger(warehouse, lead_id: str, **of_model: str) -> dict[str, float]:
    """The ledger of a lead without the rules on what it is."""
    behavioral = {
        rule_id
        for (rule_id,) in query(
            warehouse,
            "select distinct rule_id from lead_score_ledger where dimension = 'behavioral'",
        )
    }
    ledger = read_ledger(warehouse, lead_id, **of_model)
    return {rule_id: points for rule_id, points in ledger.items() if rule_id in behavioral}


def counts(warehouse, lead_id: str) -> dict[str, tuple[int, int]]:
    """activity -> what was seen of it, and what the person did."""
    rows = query(
        warehouse,
        "select activity, seen_count, event_count from lead_activities"
        f" where lead_id = '{lead_id}'",
    )
    return {name: (seen, done) for name, seen, done in rows}


def halved(points: float, age_days: float, half_life_days: float, floor: float = 0.0) -> float:
    """Points after exponential decay, as the ledger rounds them."""
    return round(points * (floor + (1 - floor) * 0.5 ** (age_days / half_life_days)), 4)


def test_anonymous_visits_count_once_the_visitor_says_who_it_is(warehouse, day_before):
    assert behavioral_ledger(warehouse, "anna") == {
        "pricing_page_view": halved(6, 20, 14),
        "demo_request": halved(20, 10, 30, floor=0.1),
        "prices_and_demo_request": halved(8, 10, 21),
    }
    assert behavioral_ledger(day_before, "anna") == {}


def test_a_browser_of_two_people_is_taken_for_the_one_it_named_last(warehouse, day_before):
    assert behavioral_ledger(day_before, "ben")["pricing_page_view"] == halved(6, 4, 14)
    assert behavioral_ledger(day_before, "cara") == {}
    assert behavioral_ledger(warehouse, "cara")["pricing_page_view"] == halved(6, 15, 14)
    assert "pricing_page_view" not in behavioral_ledger(warehouse, "ben")


def test_an_address_of_its_own_comes_before_the_visitor(warehouse):
    assert behavioral_ledger(warehouse, "ben") == {"form_submit": halved(4, 25, 30)}
    assert behavioral_ledger(warehouse, "cara")["form_submit"] == halved(4, 5, 30)


def test_of_two_names_at_once_the_greater_event_id_counts(warehouse):
    assert behavioral_ledger(warehouse, "emma")["pricing_page_view"] == 6
    assert "pricing_page_view" not in behavioral_ledger(warehouse, "dave")


def test_an_address_that_no_lead_has_leaves_the_event_to_its_visitor(warehouse):
    assert behavioral_ledger(warehouse, "fred") == {
        "form_submit": halved(4, 5, 30),
        "content_download": 5,
    }


def test_leads_with_one_address_are_one_person_and_the_oldest_collects(warehouse):
    assert behavioral_ledger(warehouse, "older_twin") == {
        "trade_show_visit": 6,
        "email_click": 3,
        "email_click_industry": 1,
    }
    assert behavioral_ledger(warehouse, "newer_twin") == {}
    columns = ("duplicate_of", "is_excluded", "exclusion_reason")
    assert read_score(warehouse, "older_twin", *columns) == (None, False, None)
    assert read_score(warehouse, "newer_twin", *columns) == (
        "older_twin", True, "Duplicate of the lead older_twin",
    )  # fmt: skip


def test_a_mail_providers_proxy_opens_no_mail(warehouse):
    """Two opens that differ in their user agent alone: the patterns decide over the past too."""
    assert behavioral_ledger(warehouse, "opener") == {"email_open": 0.5}
    assert behavioral_ledger(warehouse, "proxied") == {}
    assert counts(warehouse, "opener") == {"email_open": (1, 1)}
    assert counts(warehouse, "proxied") == {"email_open": (1, 0)}
    assert read_score(warehouse, "proxied", "last_activity_on") == (None,)


def test_a_link_scanner_clicks_nothing(warehouse):
    assert behavioral_ledger(warehouse, "scanned") == {"email_click": 3, "email_click_industry": 1}
    assert counts(warehouse, "scanned")["email_click"] == (3, 1)
    assert behavioral_ledger(warehouse, "greeted") == {}
    assert counts(warehouse, "greeted")["email_click"] == (1, 0)


def test_a_person_may_follow_two_links_three_seconds_apart(warehouse):
    assert behavioral_ledger(warehouse, "reader") == {"email_click": 6, "email_click_industry": 2}


def test_a_crawler_reads_no_page(warehouse):
    assert behavioral_ledger(warehouse, "crawled") == {"blog_view": 1}
    assert counts(warehouse, "crawled") == {"pricing_page_view": (1, 0), "blog_view": (1, 1)}


def test_a_sequence_is_met_within_its_days_in_any_order(warehouse):
    assert behavioral_ledger(warehouse, "in_window")["full_evaluation"] == 6
    assert "full_evaluation" not in behavioral_ledger(warehouse, "too_late")


def test_a_sequence_counts_once_by_its_latest_time(warehouse):
    # 18 days after the 12th of June: one whole half-life of 14 days.
    assert behavioral_ledger(warehouse, "twice")["webinar_and_product_page"] == 2


def test_latent_buyers_are_told_from_active_ones(warehouse):
    assert read_ledger(warehouse, "latent")["latent_buyer"] == 1, "last seen 30 days ago"
    assert "latent_buyer" not in read_ledger(warehouse, "active"), "last seen 29 days ago"
    assert "latent_buyer" not in read_ledger(warehouse, "silent"), "never seen"


def test_a_week_busier_than_the_three_before_is_a_surge(warehouse):
    # One registration this week against one in the three before: three times the mean week.
    assert read_ledger(warehouse, "user")["twice_as_busy_as_usual"] == 3
    assert "twice_as_busy_as_usual" not in read_ledger(warehouse, "boss"), "nothing to compare with"


def test_a_product_model_counts_its_own_product_and_the_model_of_all_counts_all(warehouse):
    everything = read_ledger(warehouse, "olga", column="raw_points")
    assert everything["webinar_attended"] == 30
    assert everything["product_review"] == 4
    assert everything["email_click"] == 6
    assert everything["email_click_product"] == 20
    own = behavioral_ledger(warehouse, "olga", model_id=CHAMPION)
    assert own == {"own_webinar": 10, "own_mail_click": halved(8, 21, 21)}


def test_champion_and_challenger_stand_side_by_side(warehouse):
    assert behavioral_ledger(warehouse, "olga", model_id=CHALLENGER) == {
        "own_webinar": 10,
        "own_mail_click": halved(12, 21, 42),
    }
    roles = query(
        warehouse,
        "select lead_scores.model_id, role, count(*) from lead_scores"
        " join rules.models using (model_id) group by all order by all",
    )
    assert roles == [
        (CHAMPION, "champion", len(LEADS)),
        (CHALLENGER, "challenger", len(LEADS)),
        (ALL_PRODUCTS, "champion", len(LEADS)),
    ]


def test_adding_a_model_never_changes_the_scores_of_another(warehouse, tmp_path):
    rules = shutil.copytree(SHIPPED_RULES, tmp_path / "rules")
    for path in rules.glob("*.csv"):
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(row for row in rows if row[0] != CHALLENGER)
    without = score_raw(warehouse.parent / "raw", tmp_path, rules=rules, models=MARTS)
    for mart in MARTS[:4]:
        champions = f"from {mart} where model_id <> '{CHALLENGER}' order by all"
        assert query(without, f"from {mart} order by all") == query(warehouse, champions), mart


def test_excluded_leads_say_why_and_an_exclusion_ends_with_its_period(warehouse):
    rows = query(
        warehouse,
        "select lead_id, exclusion_reason from lead_scores"
        f" where is_excluded and model_id = '{ALL_PRODUCTS}'",
    )
    assert dict(rows) == {
        "employee": "Works for us",
        "rival": "Asked not to be contacted; Works for a competitor",
        "test-lead-1": "Test record of the CRM",
        "refuser": "Asked not to be contacted",
        "newer_twin": "Duplicate of the lead older_twin",
    }


def test_customers_are_excluded_where_the_model_says_so(warehouse):
    columns = ("is_excluded", "exclusion_reason")
    assert read_score(warehouse, "customer", *columns) == (False, None)
    for model_id in (CHAMPION, CHALLENGER):
        row = read_score(warehouse, "customer", *columns, model_id=model_id)
        assert row == (True, "Is a customer already")


def test_an_account_sums_its_people_with_diminishing_returns(warehouse):
    # 60 for the profile (30 of them for the person, who decides: the most there is) and 12 for a
    # meeting today.
    assert read_score(warehouse, "boss", "score") == (72,)
    assert read_score(warehouse, "silent", "score") == (60,)
    # 40 for the profile, 2 + 1.5 for two registrations, 3 for a surge.
    assert read_score(warehouse, "user", "score") == (46.5,)
    [row] = query(
        warehouse,
        "select cast(score as double), leads, engaged_leads, engaged_functions, buying_group,"
        " cast(activity_surge as double), best_lead_id, cast(best_score as double),"
        " cast(first_activity_on as varchar), cast(last_activity_on as varchar)"
        f" from account_scores where account_id = 'acme' and model_id = '{ALL_PRODUCTS}'",
    )
    # 72 + 60 / 4 + 46.5 / 16; who asked not to be contacted does not speak for the company.
    # Two activities this week against one in the three before.
    assert row == (
        89.9063, 3, 2, 2, "data, marketing", 6, "boss", 72, "2026-06-15", "2026-06-30",
    )  # fmt: skip


def test_the_parts_of_a_score_sum_ledger_rows(warehouse):
    parts = query(
        warehouse,
        "select part, cast(points as double), rules_met from lead_score_parts"
        f" where lead_id = 'boss' and model_id = '{ALL_PRODUCTS}' order by part",
    )
    assert parts == [("company_size", 10, 1), ("role", 18, 1)]
    with (SHIPPED_RULES / "score_parts.csv").open(newline="") as file:
        part_of_rule = {
            (row["model_id"], row["rule_id"]): row["part"] for row in csv.DictReader(file)
        }
    expected = {}
    for model_id, lead_id, rule_id, points in query(
        warehouse, "select model_id, lead_id, rule_id, points from lead_score_ledger"
    ):
        if part := part_of_rule.get((model_id, rule_id)):
            key = (model_id, lead_id, part)
            expected[key] = expected.get(key, 0) + points
    found = query(warehouse, "select model_id, lead_id, part, points from lead_score_parts")
    assert {row[:3]: row[3] for row in found} == expected
    assert {model_id for model_id, *_ in expected} == {ALL_PRODUCTS, CHAMPION, CHALLENGER}


def test_the_ledger_sums_to_the_score_in_every_model(warehouse):
    off = query(
        warehouse,
        """
        select model_id, lead_id, score, sum(points) as explained
        from lead_scores left join lead_score_ledger using (as_of_date, model_id, lead_id)
        group by all having score <> coalesce(sum(points), 0)
        """,
    )
    assert off == []
