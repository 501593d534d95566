"""What the generated sample promises: the contract's columns, the mess, and a true signal."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pytest

from samples.generate import KEYS, TIMES, generate_sample, main

REQUIRED_COLUMNS = {
    "crm.leads": "lead_id email created_at updated_at _loaded_at",
    "crm.lead_attributes": "lead_id attribute value updated_at _loaded_at",
    "crm.accounts": "account_id updated_at _loaded_at",
    "crm.opportunities": "opportunity_id created_at updated_at _loaded_at",
    "crm.opportunity_stages": "opportunity_id stage entered_at _loaded_at",
    "crm.activities": "activity_id lead_id activity_type occurred_at _loaded_at",
    "crm.lead_feedback": "lead_id verdict decided_at _loaded_at",
    "web.events": "event_id visitor_id event_type occurred_at _loaded_at",
    "email.events": "event_id email event_type occurred_at _loaded_at",
    "email.campaigns": "campaign_id _loaded_at",
}
SMALL = {"leads": 200, "events": 4000, "days": 90}


def open_sample(root: Path, *, file_format: str = "parquet") -> duckdb.DuckDBPyConnection:
    """A connection with one view a raw table."""
    con = duckdb.connect()
    for name in REQUIRED_COLUMNS:
        source, table = name.split(".")
        con.execute(f"create schema if not exists {source}")
        path = root / source / f"{table}.{file_format}"
        options = ", all_varchar = true" if file_format == "csv" else ""
        con.execute(f"create view {name} as select * from read_{file_format}('{path}'{options})")
    return con


def fetch_all(root: Path) -> dict[str, list[tuple]]:
    con = open_sample(root)
    return {name: con.execute(f"select * from {name}").fetchall() for name in REQUIRED_COLUMNS}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """The default sample."""
    root = tmp_path_factory.mktemp("samples") / "raw"
    generate_sample(root)
    return open_sample(root)


@pytest.fixture(scope="module")
def large_sample(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """Enough deals for a share to mean something."""
    root = tmp_path_factory.mktemp("samples") / "raw"
    generate_sample(root, leads=10_000, events=300_000)
    return open_sample(root)


def test_same_seed_gives_same_rows(tmp_path):
    generate_sample(tmp_path / "one", **SMALL)
    generate_sample(tmp_path / "two", **SMALL)
    assert fetch_all(tmp_path / "one") == fetch_all(tmp_path / "two")


def test_other_seed_gives_other_rows(tmp_path):
    generate_sample(tmp_path / "one", **SMALL, seed=1)
    generate_sample(tmp_path / "two", **SMALL, seed=2)
    one, two = fetch_all(tmp_path / "one"), fetch_all(tmp_path / "two")
    assert all(one[name] != two[name] for name in REQUIRED_COLUMNS)


@pytest.mark.parametrize("name", REQUIRED_COLUMNS)
def test_table_has_the_columns_of_the_contract(sample, name):
    columns = {row[0]: row[1] for row in sample.execute(f"describe {name}").fetchall()}
    assert set(REQUIRED_COLUMNS[name].split()) <= set(columns)
    times = {kind for column, kind in columns.items() if column.endswith("_at")}
    assert times == {"TIMESTAMP"}
    assert sample.execute(f"select count(*) from {name}").fetchone()[0] > 50


def test_events_are_as_many_as_asked(sample):
    web, email = (
        sample.execute(f"select count(*) from {name}").fetchone()[0]
        for name in ("web.events", "email.events")
    )
    assert abs(web + email - 60_000) <= 20
    assert 0.78 < web / (web + email) < 0.82


@pytest.mark.parametrize("name", REQUIRED_COLUMNS)
def test_nothing_occurs_or_loads_after_the_last_day(sample, name):
    for column in {"_loaded_at", TIMES.get(name, "_loaded_at")}:
        last = sample.execute(f"select max({column}) from {name}").fetchone()[0]
        assert last < dt.datetime(2026, 7, 1)
    first = sample.execute("select min(occurred_at) from web.events").fetchone()[0]
    assert first >= dt.datetime(2025, 6, 28)  # rows broken on purpose reach no further back


NO_COMPANY = "company_name is null and company_domain is null"
# The mess: where it is, which rows show it, how many there should at least be.
MESS = [
    ("crm.leads", "email ilike '%@gmail.com%'", 100),
    ("crm.leads", "email ilike '%@mailinator.com%'", 5),
    ("crm.leads", "regexp_matches(trim(email), '^(info|sales|office|contact)@', 'i')", 10),
    ("crm.leads", "not regexp_matches(trim(email), '^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$')", 10),
    ("crm.leads", "email is null", 20),
    ("crm.leads", "email <> lower(email)", 50),
    ("crm.leads", "email <> trim(email)", 20),
    ("crm.leads", "not regexp_matches(first_name, '[aeiouyáéíóúäöüøë]', 'i')", 10),
    ("crm.leads", "regexp_matches(first_name || last_name, '[0-9]')", 10),
    ("crm.leads", "regexp_matches(first_name, '(aaa|ooo|xxx|nnn|eee|zzz)', 'i')", 5),
    ("crm.leads", "job_title is null", 100),
    ("crm.leads", NO_COMPANY + " and ip_organization = 'Comcast Cable'", 5),
    ("crm.leads", NO_COMPANY + " and regexp_matches(ip_organization, ' (Inc|GmbH|Ltd)$')", 5),
    ("crm.leads", "do_not_contact", 20),
    ("crm.leads", "is_deleted", 5),
    ("crm.leads", "email ilike '%@rivalmetrics.example%'", 2),
    ("crm.leads", "email ilike '%@tidewater.example%'", 2),
    ("crm.leads", "lead_id is null", 2),
    ("crm.leads", "employee_count < 0", 2),
    ("crm.accounts", "employee_count < 0", 2),
    ("crm.accounts", "is_customer", 20),
    ("crm.lead_attributes", "attribute = 'preferred_language'", 20),
    ("crm.lead_feedback", "verdict = 'rejected' and reason is not null", 50),
    ("crm.lead_feedback", "verdict = 'accepted'", 50),
    ("crm.opportunities", "lead_id is null", 10),
    ("web.events", "user_agent ilike '%googlebot%'", 50),
    ("web.events", "user_agent ilike '%bingbot%'", 50),
    ("web.events", "_loaded_at > occurred_at + interval 5 day", 500),
    ("web.events", "email like 'reader%@gmail.com'", 5),
    ("web.events", "event_type = 'search' and search_term ilike '%tidewater%'", 50),
    ("email.events", "_loaded_at > occurred_at + interval 5 day", 100),
    ("email.events", "event_type = 'open' and user_agent ilike '%googleimageproxy%'", 50),
    ("email.events", "event_type = 'open' and user_agent = 'Mozilla/5.0'", 50),
    ("email.events", "event_type = 'unsubscribe'", 30),
    ("email.events", "event_type = 'bounce'", 30),
    ("email.events", "event_type = 'complaint'", 3),
    ("email.events", "event_type = 'reply'", 10),
    ("email.events", "campaign_id = 'M10001'", 10),
]


@pytest.mark.parametrize(("table", "condition", "at_least"), MESS)
def test_mess_is_there(sample, table, condition, at_least):
    rows = sample.execute(f"select count(*) from {table} where {condition}").fetchone()[0]
    assert rows >= at_least


@pytest.mark.parametrize("name", REQUIRED_COLUMNS)
def test_broken_rows_are_there(sample, name):
    count = "select count(*) from {} where {}"
    assert sample.execute(count.format(name, f"{KEYS[name]} is null")).fetchone()[0] == 2
    if name in TIMES:
        future = f"{TIMES[name]} > _loaded_at + interval 1 day"
        assert sample.execute(count.format(name, future)).fetchone()[0] == 2


def test_leads_have_versions_and_duplicates(sample):
    versions = sample.execute(
        "select count(*) from (select lead_id from crm.leads group by lead_id "
        "having count(distinct updated_at) > 1 and count(distinct lifecycle_stage) > 1)"
    )
    assert versions.fetchone()[0] > 200
    titles = sample.execute(
        "select count(*) from (select lead_id from crm.leads where lead_id is not null "
        "group by lead_id having count(distinct job_title) > 1)"
    )
    assert titles.fetchone()[0] >= 1
    people = sample.execute(
        "select count(*) from (select lower(trim(email)) as address from crm.leads "
        "where contains(email, '@') and lead_id similar to 'L[0-9]+' "
        "group by address having count(distinct lead_id) > 1)"
    )
    assert 3 <= people.fetchone()[0] <= 60


@pytest.mark.parametrize("name", ["web.events", "email.events"])
def test_events_repeat_and_come_out_of_order(sample, name):
    exact, later, out_of_order = sample.execute(f"""
        with repeated as (
            select event_id, count(distinct _loaded_at) as loads
            from {name} where event_id is not null group by event_id having count(*) > 1
        ),
        ordered as (
            select _loaded_at < lag(_loaded_at) over (order by file_row_number) as is_back
            from (select row_number() over () as file_row_number, _loaded_at from {name})
        )
        select
            (select count(*) from repeated where loads = 1),
            (select count(*) from repeated where loads > 1),
            (select count(*) from ordered where is_back)
    """).fetchone()
    assert exact > 20
    assert later > 20
    assert out_of_order > 100


def test_most_visitors_are_never_identified(sample):
    visitors, identified = sample.execute(
        "select count(distinct visitor_id), "
        "count(distinct visitor_id) filter (email is not null) from web.events"
    ).fetchone()
    assert 0.7 < 1 - identified / visitors < 0.9


def test_visits_precede_the_identifying_event(sample):
    before = sample.execute("""
        with named as (
            select visitor_id, min(occurred_at) as named_at
            from web.events where email is not null group by visitor_id
        )
        select count(*) from web.events join named using (visitor_id)
        where occurred_at < named_at - interval 1 day
    """).fetchone()[0]
    assert before > 500


def test_scanners_click_several_links_within_two_seconds(sample):
    mails = sample.execute("""
        select count(*) from (
            select email, campaign_id from email.events where event_type = 'click'
            group by email, campaign_id
            having count(distinct url) >= 3
                and max(occurred_at) - min(occurred_at) <= interval 2 second
        )
    """).fetchone()[0]
    assert mails > 30


def test_a_minority_was_active_lately(sample):
    share = sample.execute("""
        with named as (
            select visitor_id, max_by(lower(trim(email)), occurred_at) as address
            from web.events where email is not null group by visitor_id
        )
        select count(distinct address) filter (occurred_at >= timestamp '2026-06-01')
            / count(distinct address)
        from web.events join named using (visitor_id)
    """).fetchone()[0]
    assert 0.1 < share < 0.5


OBSERVED_DEALS = """
    with named as (
        select visitor_id, max_by(lower(trim(email)), occurred_at) as address
        from web.events where email is not null group by visitor_id
    ),
    leads as (
        select
            lead_id,
            max_by(lower(trim(email)), updated_at) as address,
            max_by(job_title, updated_at) as title,
            max_by(employee_count, updated_at) as employees,
            max_by(industry, updated_at) as industry
        from crm.leads group by lead_id
    ),
    interest as (
        select lead_id, occurred_at
        from web.events join named using (visitor_id) join leads using (address)
        where url ilike '%/pricing%' or event_type in ('demo_request', 'signup')
        union all
        select lead_id, occurred_at from crm.activities where activity_type = 'meeting'
    ),
    deals as (
        select lead_id, min(created_at) as opened_at, bool_or(is_won) as is_won
        from crm.opportunities
        where lead_id is not null and opportunity_id not like '%-%'
        group by opportunity_id, lead_id
    ),
    observed as (
        select
            leads.lead_id,
            deals.is_won,
            deals.lead_id is not null as has_deal,
            case
                when regexp_matches(
                    title, 'chief|^c.o$|\\bs?v\\.?p\\b|president|head|director|founder', 'i'
                ) then 2
                when regexp_matches(title, 'intern|student|retired|teacher', 'i') then -2
                when regexp_matches(title, 'manager|lead|mgr', 'i') then 1
                else 0
            end
            + case when employees between 100 and 10000 then 1 else 0 end
            - case when industry in ('Education', 'Government', 'Agriculture') then 1 else 0 end
            - case when regexp_matches(address, '@(gmail|yahoo|outlook|hotmail)') then 1 else 0 end
                as fit,
            (
                select count(*) from interest
                where interest.lead_id = leads.lead_id
                    and occurred_at between deals.opened_at - interval 30 day and deals.opened_at
            ) as signals
        from leads left join deals on deals.lead_id = leads.lead_id
    )
"""


def test_fit_and_recent_engagement_decide_what_is_won(large_sample):
    rates = dict(
        large_sample.execute(
            OBSERVED_DEALS
            + """
        select third, avg(is_won::int) from (
            select is_won, ntile(3) over (order by fit + ln(1 + signals), lead_id) as third
            from observed where is_won is not null
        ) group by third
    """
        ).fetchall()
    )
    assert rates[3] >= 2 * rates[1]


@pytest.mark.parametrize("column", ["fit", "signals"])
def test_each_of_the_two_matters_alone(large_sample, column):
    rates = dict(
        large_sample.execute(
            OBSERVED_DEALS
            + f"""
        select {column} >= 2, avg(is_won::int) from observed
        where is_won is not null group by all
    """
        ).fetchall()
    )
    assert rates[True] > 1.3 * rates[False]


def test_fit_decides_who_opens_a_deal(large_sample):
    rates = dict(
        large_sample.execute(
            OBSERVED_DEALS
            + """
        select fit >= 2, avg(has_deal::int) from observed group by all
    """
        ).fetchall()
    )
    assert rates[True] > 1.5 * rates[False]


def test_csv_holds_the_same_rows_and_the_unreadable_ones(tmp_path):
    counts = generate_sample(tmp_path / "parquet", **SMALL)
    generate_sample(tmp_path / "csv", **SMALL, file_format="csv")
    con = open_sample(tmp_path / "csv", file_format="csv")
    for name, unreadable in {
        "crm.leads": "employee_count = 'about 200'",
        "crm.opportunities": "amount = '12k'",
        "crm.activities": "occurred_at = 'last Tuesday'",
        "web.events": "occurred_at like '2026-02-30%'",
    }.items():
        rows = con.execute(f"select count(*), count(*) filter ({unreadable}) from {name}")
        assert rows.fetchone() == (counts[name] + 1, 1)


def test_old_sample_is_replaced_and_nothing_half_is_left(tmp_path, monkeypatch):
    generate_sample(tmp_path / "raw", **SMALL)
    before = fetch_all(tmp_path / "raw")

    def stop(*_args, **_options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("samples.tables.stream_web_events", stop)
        with pytest.raises(KeyboardInterrupt):
            generate_sample(tmp_path / "raw", **SMALL, seed=8)
    assert fetch_all(tmp_path / "raw") == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["raw"]
    generate_sample(tmp_path / "raw", **SMALL, seed=8)
    assert fetch_all(tmp_path / "raw") != before
    assert [entry.name for entry in tmp_path.iterdir()] == ["raw"]


def test_folder_that_is_no_sample_is_left_alone(tmp_path, capsys):
    (tmp_path / "precious.txt").write_text("mine")
    assert main(["--out", str(tmp_path)]) == 2
    assert "something other than a sample" in capsys.readouterr().err
    assert (tmp_path / "precious.txt").read_text() == "mine"


def test_smallest_sample_works(tmp_path):
    assert (
        main(["--out", str(tmp_path / "raw"), "--leads", "20", "--events", "100", "--days", "7"])
        == 0
    )


def test_too_small_a_sample_is_refused(tmp_path, capsys):
    assert main(["--out", str(tmp_path / "raw"), "--leads", "0"]) == 2
    assert "at least 20 leads" in capsys.readouterr().err
