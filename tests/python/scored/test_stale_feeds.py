"""What belongs here: that a feed which no longer loads does not make leads cold, and is said."""

import random
from datetime import date

from dbt_runs import SCORES, build_warehouse, email_event, lead, query, web_event
from hypothesis import strategies as st
from test_laws import draw

EMAIL = "ada@analytical.example"

COLUMNS = "rule_id, occurred_on, event_count, raw_points, points"


def read_ledger(warehouse, as_of, columns=COLUMNS):
    return query(
        warehouse,
        f"select {columns} from lead_score_ledger"
        f" where model_id = 'b2b_software' and as_of_date = date '{as_of}' order by all",
    )


def make_world(web_until, *, email_until="2026-06-30"):
    """A lead who looked at prices in the spring; both feeds load others' events until a day."""
    return {
        "crm.leads": [lead("1", email=EMAIL, job_title="VP Sales")],
        "web.events": [
            web_event("w1", "2026-05-20", email=EMAIL, url="https://x.example/pricing"),
            web_event("w2", "2026-05-02", email=EMAIL, url="https://x.example/product/a"),
            web_event("beat", web_until, visitor_id="somebody"),
        ],
        "email.events": [
            email_event("e1", "2026-05-10", email=EMAIL, url="https://x.example/a"),
            email_event("beat", email_until, email="nobody@other.example", event_type="sent"),
        ],
    }


def test_a_stale_web_feed_freezes_what_it_told_and_nothing_else(tmp_path):
    fresh = build_warehouse(tmp_path / "fresh", make_world("2026-06-30"), models=SCORES)
    stale = build_warehouse(
        tmp_path / "stale",
        make_world("2026-06-10"),
        as_of="2026-06-10,2026-06-30",
        models=SCORES,
    )
    now, before, without = (
        {row[0]: row[1:] for row in read_ledger(warehouse, as_of)}
        for warehouse, as_of in [
            (stale, "2026-06-30"), (stale, "2026-06-10"), (fresh, "2026-06-30")
        ]
    )  # fmt: skip
    web = ["pricing_page_view", "product_page_view"]
    assert [now[rule] for rule in web] == [before[rule] for rule in web]
    assert all(now[rule][-1] > without[rule][-1] for rule in web)
    mail = [rule for rule in now if "email" in rule]
    assert mail
    assert [now[rule] for rule in mail] == [without[rule] for rule in mail]
    told = "select distinct stale_feeds from lead_scores where as_of_date = date '2026-06-30'"
    assert query(stale, told) == [("web.events since 2026-06-10",)]
    assert query(fresh, told) == [(None,)]


def test_a_feed_is_stale_after_the_days_of_its_row_and_not_on_the_last_of_them(tmp_path):
    days = "2026-06-29..2026-06-30"
    warehouse = build_warehouse(
        tmp_path, make_world("2026-06-22"), as_of=days, models=["int_feeds"]
    )
    rows = query(
        warehouse,
        "select day(as_of_date), is_stale from intermediate.int_feeds"
        " where table_name = 'web.events' order by all",
    )
    assert rows == [(29, False), (30, True)]


def test_a_row_that_says_it_loaded_years_ahead_makes_no_dead_feed_look_alive(tmp_path):
    world = make_world("2026-06-10")
    ahead = web_event(
        "ahead", "2026-06-09", visitor_id="somebody", _loaded_at="2030-01-01 00:00:00"
    )
    world["web.events"] = [*world["web.events"], ahead]
    warehouse = build_warehouse(tmp_path, world, models=["int_feeds", "int_feed_measures"])
    assert query(
        warehouse,
        "select last_loaded_on, is_stale from intermediate.int_feeds"
        " where table_name = 'web.events'",
    ) == [(date(2026, 6, 10), True)]
    assert query(
        warehouse,
        "select value from intermediate.int_feed_measures"
        " where table_name = 'web.events' and measure = 'days_since_loaded'",
    ) == [(20,)]


days = st.integers(1, 59).map(lambda day: f"2026-{4 + day // 31:02}-{1 + day % 30:02}")


def test_feeds_that_stopped_leave_every_point_as_it_was_at_their_last_load(tmp_path):
    """All feeds stopped on one day: behaviour, recency and all that hangs on them stand still."""
    chance = random.Random(1)
    pages = ["pricing", "product/a", "compare/b", "case-studies/c", "roi-calculator"]
    last, later = "2026-06-05", ["2026-07-15", "2026-07-31"]
    events = st.lists(days, min_size=1, max_size=6)
    people = [
        (f"p{n}@analytical.example", web, mails)
        for n, (web, mails) in enumerate(draw(st.tuples(events, events), 12))
    ]
    world = {
        "crm.leads": [lead(email, email=email) for email, *_ in people],
        "web.events": [
            *(
                web_event(
                    f"w{n}-{email}", day, email=email, visitor_id=email,
                    url=f"https://x.example/{chance.choice(pages)}",
                )
                for email, web, _ in people for n, day in enumerate(web)
            ),
            web_event("beat", last, visitor_id="somebody"),
        ],
        "email.events": [
            *(
                email_event(f"e{n}-{email}", day, email=email, url="https://x.example/a")
                for email, _, mails in people for n, day in enumerate(mails)
            ),
            email_event("beat", last, email="nobody@other.example", event_type="sent"),
        ],
    }  # fmt: skip
    stopped = build_warehouse(tmp_path / "stopped", world, as_of=",".join(later), models=SCORES)
    then = build_warehouse(tmp_path / "then", world, as_of=last, models=SCORES)
    of_all = f"lead_id, {COLUMNS}"
    ledger = read_ledger(then, last, of_all)
    assert {row[0] for row in ledger} == {email for email, *_ in people}
    for as_of in later:
        assert read_ledger(stopped, as_of, of_all) == ledger, as_of
