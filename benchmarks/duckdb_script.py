"""What belongs here: the behavioural scoring of one day, written by hand for DuckDB.

    python -m benchmarks.duckdb_script --raw <folder> --rules <folder> --as-of <day> --out <file>

This is the yardstick: as few passes over the events as they allow, and numbers for keys.

- What an event is follows from columns with few values. They are looked up in lists that stand
  in the query: that runs once per entry of a Parquet file's dictionary, not once per row.
- What no rule gives points for any more is dropped first, then what nobody known did. Only what
  is left is checked for repeats.
- The web events are read twice: who the visitors are must be known before what they did counts.
"""

from pathlib import Path

import duckdb

from benchmarks import rule_book, scripts
from benchmarks.rule_book import Columns, RuleBook
from benchmarks.scripts import Steps

DAY = 86_400_000_000  # microseconds
SECOND = 1_000_000

# Arithmetic on intervals takes far longer than on numbers.
IN_TIME = f"epoch_us(occurred_at) - epoch_us(_loaded_at) <= {DAY}"


def score(raw: Path, book: RuleBook, out: Path, steps: Steps) -> None:
    """Score one day and write its ledger."""
    database = duckdb.connect()
    database.execute("set preserve_insertion_order = false")
    web, email, crm = (
        files_of(raw, table) for table in ("web/events", "email/events", "crm/activities")
    )
    find_people(database, files_of(raw, "crm/leads"), book)
    steps.done("people")
    campaigns = database.execute(f"from {files_of(raw, 'email/campaigns')}")
    names = [column[0] for column in campaigns.description]
    campaigns = [dict(zip(names, row, strict=True)) for row in campaigns.fetchall()]
    web_mask = create_rules_of(database, book, "web", web, rule_book.web_columns(book))
    email_mask = create_rules_of(
        database, book, "email", email, rule_book.email_columns(book, campaigns)
    )
    crm_mask = create_rules_of(database, book, "crm", crm, rule_book.crm_columns(book))
    steps.done("kinds of events")
    find_visitors(database, web, book, web_mask)
    steps.done("visitors")
    find_mails(database, email, book, email_mask)
    steps.done("mails")
    count_days(database, web, crm, book, web_mask, crm_mask)
    steps.done("events by lead, rule and day")
    write_ledger(database, book, out)
    steps.done("ledger")


def files_of(raw: Path, table: str) -> str:
    """SQL that reads a raw table: a file or a folder of files."""
    place = raw / table
    return f"read_parquet('{place}{'/**/*' if place.is_dir() else ''}.parquet')"


def distinct_values(
    database: duckdb.DuckDBPyConnection, rows: str, columns: list[str]
) -> list[list[str]]:
    """The values of columns that have few, in one reading of the table."""
    lists = ", ".join(f"list(distinct {column})" for column in columns)
    found = database.execute(f"select {lists} from {rows}").fetchone()
    return [[value for value in values or [] if value is not None] for values in found]


def text(value: str | None) -> str:
    """A text as SQL writes it."""
    return "null" if value is None else "'" + value.replace("'", "''") + "'"


def texts(values: list[str | None]) -> str:
    """A list of texts as SQL writes it."""
    return f"[{', '.join(map(text, values))}]::varchar[]"


def number(value: float | None) -> str:
    """A number as SQL writes it."""
    return "null" if value is None else str(value)


def in_time(book: RuleBook, key: str = "event_id") -> str:
    """SQL that is true for rows that can be used and happened by the day."""
    return f"{key} is not null and occurred_at < date '{book.as_of}' + 1 and {IN_TIME}"


def find_people(database: duckdb.DuckDBPyConnection, leads: str, book: RuleBook) -> None:
    """Tables leads (lead_id, person) and people (person, lead_id, email): those of the day.

    person is one number for all leads with one address; people names the oldest of them.
    """
    database.execute(f"""
        create temp table versions as
        select lead_id, lower(nullif(trim(email), '')) as email, is_deleted, created_at
        from {leads}
        where
            lead_id is not null
            and updated_at < date '{book.as_of}' + 1 and created_at < date '{book.as_of}' + 1
            and updated_at <= _loaded_at + interval 1 day
            and created_at <= _loaded_at + interval 1 day
            and coalesce(employee_count, 0) >= 0 and coalesce(annual_revenue, 0) >= 0
        qualify row_number() over (
            partition by lead_id order by updated_at desc, _loaded_at desc
        ) = 1
    """)
    database.execute("""
        create temp table people as
        select
            email,
            arg_min(lead_id, (created_at, lead_id)) as lead_id,
            row_number() over () as person
        from versions
        where is_deleted is not true
        group by email, case when email is null then lead_id end
    """)
    database.execute("""
        create temp table leads as
        select versions.lead_id, people.person
        from versions inner join people using (email)
        where is_deleted is not true
        union all
        select lead_id, person from people where email is null
    """)


def create_rules_of(
    database: duckdb.DuckDBPyConnection,
    book: RuleBook,
    channel: str,
    rows: str,
    columns: Columns,
) -> str:
    """Table <channel>_rules: mask, rule. Returns SQL for the mask of an event.

    The mask has a bit for each definition that the event meets and that still gives points.
    """
    counting = book.counting(channel)
    cases = " ".join(f"when occurred_at >= date '{day}' then {mask}" for day, mask in counting)
    masks = []
    looked_up = [f"case {cases} else 0 end::bigint"]
    for column, values in zip(columns, distinct_values(database, rows, [*columns]), strict=True):
        masks.append([columns[column](value) for value in [None, *values]])
        place = f"list_position({texts([None, *values])}, {column})"
        looked_up.append(f"({masks[-1]}::bigint[])[{place}]")
    database.execute(f"create temp table {channel}_rules (mask bigint, rule bigint)")
    if pairs := book.mask_rules(channel, masks):
        database.execute(f"insert into {channel}_rules values {str(pairs)[1:-1]}")
    return "(" + " & ".join(looked_up) + ")"


def find_visitors(database: duckdb.DuckDBPyConnection, web: str, book: RuleBook, mask: str) -> None:
    """Tables named (the web events with an address) and visitors (whose the visitors are)."""
    database.execute(f"""
        create temp table named as
        select visitor_id, event_id, occurred_at, person, {mask} as mask
        from {web} as events
        left join people on lower(trim(events.email)) = people.email
        where events.email is not null and {in_time(book)}
    """)
    database.execute(f"""
        create temp table visitors as
        select
            visitor_id,
            arg_max(person, (occurred_at, event_id)) as person,
            min(occurred_at)::date - {book.visitor_lookback_days} as counts_from
        from named
        where person is not null and visitor_id is not null
        group by visitor_id
    """)


def find_mails(database: duckdb.DuckDBPyConnection, email: str, book: RuleBook, mask: str) -> None:
    """Tables mails (what people did with mails) and scanner_clicks (clicks no person made)."""
    agents, campaigns = distinct_values(database, email, ["user_agent", "campaign_id"])
    proxies = texts([agent for agent in agents if book.privacy_proxies.search(agent)])
    known = f"list_position({texts(campaigns)}, campaign_id)"
    database.execute(f"""
        create temp table mails as
        select
            person, mask, event_type = 'click' as is_click, hash(event_id) as event,
            epoch_us(occurred_at) as happened, person << 32 | campaign as mail, hash(url) as link
        from (
            select *, {mask} as mask, {known} as campaign
            from {email}
            where
                not (event_type = 'open' and list_position({proxies}, user_agent) is not null)
                and {in_time(book)}
        ) as events
        inner join people on lower(trim(events.email)) = people.email
        where mask <> 0
    """)
    database.execute("""
        create temp table clickers as
        select email, person from people
        where person in (select person from mails where is_click)
    """)
    database.execute(f"""
        create temp table scanner_clicks as
        select clicks.event
        from mails as clicks
        inner join mails as others
            on
            clicks.mail = others.mail
            and clicks.happened // {DAY} = others.happened // {DAY}
            and clicks.link <> others.link
            and abs(clicks.happened - others.happened) <= {book.links_of_one_mail_seconds * SECOND}
        where clicks.is_click and others.is_click
        union
        select clicks.event
        from (
            select person << 32 | {known} as mail, epoch_us(occurred_at) as delivered
            from {email} as events
            inner join clickers on lower(trim(events.email)) = clickers.email
            where event_type = 'delivered' and campaign_id is not null and {in_time(book)}
        ) as deliveries
        inner join mails as clicks
            on
            deliveries.mail = clicks.mail
            and clicks.happened >= delivered
            and clicks.happened - delivered <= {book.click_after_delivery_seconds * SECOND}
        where clicks.is_click
    """)


def count_days(
    database: duckdb.DuckDBPyConnection,
    web: str,
    crm: str,
    book: RuleBook,
    web_mask: str,
    crm_mask: str,
) -> None:
    """Table days: key, event_count; key has person, rule and day in 31, 16 and 16 bits."""
    database.execute(f"""
        create temp table days as
        with web_events as (
            select person, mask, happened, event
            from (
                select
                    visitor_id, {web_mask} as mask, epoch_us(occurred_at) as happened,
                    hash(event_id) as event, occurred_at
                from {web}
                where email is null and {in_time(book)}
            ) as events
            inner join visitors using (visitor_id)
            where mask <> 0 and occurred_at >= counts_from
            union all
            select person, mask, epoch_us(occurred_at), hash(event_id)
            from named
            where mask <> 0 and person is not null
            union all
            select visitors.person, mask, epoch_us(occurred_at), hash(event_id)
            from named
            inner join visitors using (visitor_id)
            where mask <> 0 and named.person is null and occurred_at >= counts_from
        ),
        mail_events as (
            select person, mask, happened, event
            from mails
            where not (is_click and event in (select event from scanner_clicks))
        ),
        crm_events as (
            select
                person, {crm_mask} as mask, epoch_us(occurred_at) as happened,
                hash(activity_id) as event
            from {crm}
            inner join leads using (lead_id)
            where {in_time(book, "activity_id")}
        ),
        counted as (
            select person, rule, happened, event
            from web_events inner join web_rules using (mask)
            union all
            select person, rule, happened, event
            from mail_events inner join email_rules using (mask)
            union all
            select person, rule, happened, event
            from crm_events inner join crm_rules using (mask)
        ),
        once as (
            select distinct (person << 32) | (rule << 16) | (happened // {DAY}) as key, event
            from counted
        )
        select key, count(*) as event_count from once group by key
    """)


def write_ledger(database: duckdb.DuckDBPyConnection, book: RuleBook, out: Path) -> None:
    """Weigh and sum the days, and write the ledger."""
    as_of = f"(date '{book.as_of}' - date '1970-01-01')"
    rows = ", ".join(
        f"""(
            {place}, {text(rule.rule_id)}, {rule.points}, {text(rule.decay)},
            {number(rule.half_life_days)}, {rule.floor_weight}, {number(rule.max_age_days)},
            {number(rule.max_per_day)}, {number(rule.max_points)}
        )"""
        for place, rule in enumerate(book.rules)
    )
    database.execute(f"""
        create temp table rules as
        from (values {rows}) as rules (
            rule, rule_id, points, decay, half_life_days, floor_weight, max_age_days, max_per_day,
            max_points
        )
    """)
    # A day has one weight by rule: looked up, not calculated for each lead.
    database.execute(f"""
        create temp table weights as
        with ages as (
            select *, unnest(range((select {as_of} - min(key & 65535) + 1 from days))) as age
            from rules
        )
        select
            (rule << 16) | ({as_of} - age) as rule_day,
            max_per_day,
            points::double as points,
            points::double * (floor_weight + (1 - floor_weight) * case decay
                when 'exponential' then pow(0.5, age / half_life_days::double)
                when 'linear' then greatest(0, 1 - age / (2 * half_life_days::double))
                when 'step' then pow(0.5, floor(age / half_life_days::double))
                else 1
            end) as weighted_points
        from ages
        where age <= coalesce(max_age_days, age)
    """)
    database.execute(f"""
        copy (
            with summed as (
                select
                    key >> 16 as person_rule,
                    max(key & 65535) as day,
                    sum(event_count)::bigint as event_count,
                    sum(points * least(event_count, max_per_day)) as raw_points,
                    sum(weighted_points * least(event_count, max_per_day)) as points
                from days
                inner join weights on key & 4294967295 = rule_day
                group by 1
            )
            select
                lead_id,
                rule_id,
                date '1970-01-01' + day::integer as occurred_on,
                event_count,
                round(raw_points::decimal(18, 10), 4)::decimal(12, 4) as raw_points,
                round(
                    least(greatest(summed.points, -max_points), max_points)::decimal(18, 10), 4
                )::decimal(12, 4) as points
            from summed
            inner join people on person_rule >> 16 = person
            inner join rules on person_rule & 65535 = rule
            where round(raw_points, 4) <> 0 or round(summed.points, 4) <> 0
        ) to '{out}' (format parquet)
    """)


if __name__ == "__main__":
    scripts.run(score)
