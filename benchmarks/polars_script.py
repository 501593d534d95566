"""What belongs here: the behavioural scoring of one day, written by hand for polars.

    python -m benchmarks.polars_script --raw <folder> --rules <folder> --as-of <day> --out <file>

The events are only ever scanned, lazily and by the streaming engine; what is held in memory is
what is known of people and visitors, and what counts. The steps are those of the DuckDB script.
"""

import datetime as dt
import functools
import operator
from pathlib import Path

import polars as pl

from benchmarks import rule_book, scripts
from benchmarks.rule_book import Columns, RuleBook
from benchmarks.scripts import Steps

EPOCH = dt.date(1970, 1, 1)
# A key is person × PERSON + rule × RULE + day.
RULE = 2**16
PERSON = 2**32


def score(raw: Path, book: RuleBook, out: Path, steps: Steps) -> None:
    """Score one day and write its ledger."""
    web, email, crm = (
        scan(raw, table) for table in ("web/events", "email/events", "crm/activities")
    )
    leads = find_leads(scan(raw, "crm/leads"), book)
    addresses = leads.filter("is_oldest").drop_nulls("email").select("email", "person")
    steps.done("people")
    campaigns = scan(raw, "email/campaigns").collect().to_dicts()
    web_mask, web_rules = read_columns(book, "web", web, rule_book.web_columns(book))
    email_mask, email_rules = read_columns(
        book, "email", email, rule_book.email_columns(book, campaigns)
    )
    crm_mask, crm_rules = read_columns(book, "crm", crm, rule_book.crm_columns(book))
    steps.done("kinds of events")
    named = find_named(web, addresses, book, web_mask)
    visitors = find_visitors(named, book)
    steps.done("visitors")
    mails = find_mails(email, addresses, book, email_mask)
    steps.done("mails")
    counted = pl.concat(
        [
            with_rules(anonymous_events(web, visitors, book, web_mask), web_rules),
            with_rules(named_events(named, visitors).lazy(), web_rules),
            with_rules(mails.lazy(), email_rules),
            with_rules(crm_events(crm, leads, book, crm_mask), crm_rules),
        ]
    )
    days = (
        counted.unique().group_by("key").agg(pl.len().alias("events")).collect(engine="streaming")
    )
    steps.done("events by lead, rule and day")
    to_ledger(days, leads, book).write_parquet(out)
    steps.done("ledger")


def scan(raw: Path, table: str) -> pl.LazyFrame:
    """A raw table: a file or a folder of files."""
    place = raw / table
    return pl.scan_parquet(place / "**/*.parquet" if place.is_dir() else f"{place}.parquet")


def is_usable(book: RuleBook, key: str = "event_id") -> pl.Expr:
    """True for rows that can be used and happened by the day."""
    return (
        pl.col(key).is_not_null()
        & (pl.col("occurred_at") < book.as_of + dt.timedelta(days=1))
        & (pl.col("occurred_at") - pl.col("_loaded_at") <= dt.timedelta(days=1))
    )


def find_leads(leads: pl.LazyFrame, book: RuleBook) -> pl.DataFrame:
    """The leads of the day: lead_id, email, person, is_oldest.

    Leads with one address have one number as person.
    """
    tomorrow = book.as_of + dt.timedelta(days=1)
    late = pl.col("_loaded_at") + dt.timedelta(days=1)
    return (
        leads.filter(
            pl.col("lead_id").is_not_null(),
            pl.col("updated_at") < tomorrow,
            pl.col("created_at") < tomorrow,
            pl.col("updated_at") <= late,
            pl.col("created_at") <= late,
            pl.col("employee_count").fill_null(0) >= 0,
            pl.col("annual_revenue").fill_null(0) >= 0,
        )
        .select("lead_id", "email", "is_deleted", "created_at", "updated_at", "_loaded_at")
        .sort("updated_at", "_loaded_at")
        .unique("lead_id", keep="last", maintain_order=True)
        .filter(~pl.col("is_deleted").fill_null(False))
        .with_columns(pl.col("email").str.strip_chars().str.to_lowercase().replace("", None))
        .sort("created_at", "lead_id")
        .with_columns(pl.coalesce("email", pl.concat_str(pl.lit(" "), "lead_id")).alias("address"))
        .with_columns(
            pl.col("address").rank("dense").cast(pl.Int64).alias("person"),
            pl.col("address").is_first_distinct().alias("is_oldest"),
        )
        .select("lead_id", "email", "person", "is_oldest")
        .collect()
    )


def read_columns(
    book: RuleBook, channel: str, rows: pl.LazyFrame, columns: Columns
) -> tuple[pl.Expr, pl.DataFrame]:
    """The definitions an event meets and that still give points, as bits; and their rules.

    Returns the mask of an event as an expression, and a frame of mask and rule.
    """
    found = pl.collect_all(
        [rows.select(pl.col(column).unique()) for column in columns], engine="streaming"
    )
    counting = pl.lit(0, pl.Int64)
    for day, bits in reversed(book.counting(channel)):
        counting = pl.when(pl.col("occurred_at") >= day).then(bits).otherwise(counting)
    looked_up, masks = [counting], []
    for (column, mask_of), values in zip(columns.items(), found, strict=True):
        known = values[column].drop_nulls().to_list()
        masks.append([mask_of(value) for value in [*known, None]])
        place = pl.col(column).cast(pl.Enum(known)).to_physical().fill_null(len(known))
        looked_up.append(pl.lit(pl.Series(masks[-1], dtype=pl.Int64)).gather(place))
    rules = pl.DataFrame(
        book.mask_rules(channel, masks), schema={"mask": pl.Int64, "rule": pl.Int64}, orient="row"
    )
    return functools.reduce(operator.and_, looked_up), rules


def find_named(
    web: pl.LazyFrame, addresses: pl.DataFrame, book: RuleBook, mask: pl.Expr
) -> pl.DataFrame:
    """The web events with an address; person is empty where no lead has it."""
    return (
        web.filter(pl.col("email").is_not_null() & is_usable(book))
        .select(
            "visitor_id",
            "event_id",
            "occurred_at",
            pl.col("email").str.strip_chars().str.to_lowercase(),
            mask.alias("mask"),
        )
        .join(addresses.lazy(), on="email", how="left")
        .drop("email")
        .collect(engine="streaming")
    )


def find_visitors(named: pl.DataFrame, book: RuleBook) -> pl.DataFrame:
    """Whose a visitor is, and from when its events count: visitor_id, person, counts_from."""
    return (
        named.filter(pl.col("person").is_not_null() & pl.col("visitor_id").is_not_null())
        .sort("occurred_at", "event_id")
        .group_by("visitor_id")
        .agg(
            pl.col("person").last(),
            (
                pl.col("occurred_at").min().dt.truncate("1d")
                - dt.timedelta(days=book.visitor_lookback_days)
            ).alias("counts_from"),
        )
    )


def what_counts() -> list[pl.Expr]:
    """Of an event: whose it was, what, on which day, and a number for it."""
    return [
        pl.col("person"),
        pl.col("mask"),
        pl.col("occurred_at").dt.epoch("d").cast(pl.Int64).alias("day"),
        pl.col("event_id").hash().alias("event"),
    ]


def anonymous_events(
    web: pl.LazyFrame, visitors: pl.DataFrame, book: RuleBook, mask: pl.Expr
) -> pl.LazyFrame:
    """What known visitors did without giving an address."""
    return (
        web.filter(pl.col("email").is_null() & is_usable(book))
        .select("visitor_id", "event_id", "occurred_at", mask.alias("mask"))
        .filter(pl.col("mask") != 0)
        .join(visitors.lazy(), on="visitor_id")
        .filter(pl.col("occurred_at") >= pl.col("counts_from"))
        .select(what_counts())
    )


def named_events(named: pl.DataFrame, visitors: pl.DataFrame) -> pl.DataFrame:
    """Events with an address: of the lead that has it, else of the visitor's."""
    counting = named.filter(pl.col("mask") != 0)
    others = (
        counting.filter(pl.col("person").is_null())
        .drop("person")
        .join(visitors, on="visitor_id")
        .filter(pl.col("occurred_at") >= pl.col("counts_from"))
    )
    return pl.concat(
        [counting.drop_nulls("person").select(what_counts()), others.select(what_counts())]
    )


def crm_events(
    crm: pl.LazyFrame, leads: pl.DataFrame, book: RuleBook, mask: pl.Expr
) -> pl.LazyFrame:
    """What the CRM recorded of its leads."""
    return (
        crm.filter(is_usable(book, "activity_id"))
        .select(
            "lead_id", "occurred_at", pl.col("activity_id").alias("event_id"), mask.alias("mask")
        )
        .filter(pl.col("mask") != 0)
        .join(leads.lazy().select("lead_id", "person"), on="lead_id")
        .select(what_counts())
    )


def find_mails(
    email: pl.LazyFrame, addresses: pl.DataFrame, book: RuleBook, mask: pl.Expr
) -> pl.DataFrame:
    """What people did with mails; what link scanners and privacy proxies did is left out."""
    agents = email.select(pl.col("user_agent").unique()).collect(engine="streaming")["user_agent"]
    proxies = [agent for agent in agents.drop_nulls() if book.privacy_proxies.search(agent)]
    address = pl.col("email").str.strip_chars().str.to_lowercase()
    through_proxy = (pl.col("event_type") == "open") & pl.col("user_agent").is_in(proxies)
    mails = (
        email.filter(is_usable(book) & ~through_proxy.fill_null(False))
        .select(
            "event_id", "occurred_at", "event_type", "campaign_id", "url",
            address, mask.alias("mask"),
        )
        .filter(pl.col("mask") != 0)
        .join(addresses.lazy(), on="email")
        .collect(engine="streaming")
    )  # fmt: skip
    clicks = mails.filter((pl.col("event_type") == "click") & pl.col("campaign_id").is_not_null())
    deliveries = (
        email.filter((pl.col("event_type") == "delivered") & is_usable(book))
        .select(address, "campaign_id", pl.col("occurred_at").alias("delivered_at"))
        .join(clicks.lazy().select("email", "campaign_id").unique(), on=["email", "campaign_id"])
        .collect(engine="streaming")
    )
    scanners = pl.concat(
        [clicks_with_others(clicks, book), clicks_on_arrival(clicks, deliveries, book)]
    ).unique()
    return mails.join(scanners, on="event_id", how="anti").select(what_counts())


def clicks_with_others(clicks: pl.DataFrame, book: RuleBook) -> pl.DataFrame:
    """The clicks with another link of the same mail within the seconds of the limit: event_id."""
    apart = dt.timedelta(seconds=book.links_of_one_mail_seconds)
    places = clicks.select(
        "event_id",
        "email",
        "campaign_id",
        "url",
        "occurred_at",
        pl.col("occurred_at").dt.date().alias("day"),
    )
    return (
        places.join(places, on=["email", "campaign_id", "day"], suffix="_of_other")
        .filter(
            pl.col("url") != pl.col("url_of_other"),
            (pl.col("occurred_at") - pl.col("occurred_at_of_other")).abs() <= apart,
        )
        .select("event_id")
        .unique()
    )


def clicks_on_arrival(
    clicks: pl.DataFrame, deliveries: pl.DataFrame, book: RuleBook
) -> pl.DataFrame:
    """The clicks within the seconds of the limit after the mail's delivery: event_id."""
    since = pl.col("occurred_at") - pl.col("delivered_at")
    limit = dt.timedelta(seconds=book.click_after_delivery_seconds)
    return (
        clicks.join(deliveries, on=["email", "campaign_id"])
        .filter((since >= dt.timedelta(0)) & (since <= limit))
        .select("event_id")
    )


def with_rules(events: pl.LazyFrame, rules: pl.DataFrame) -> pl.LazyFrame:
    """One row per event and rule it counts for; key has person, rule and day."""
    key = pl.col("person") * PERSON + pl.col("rule") * RULE + pl.col("day")
    return events.join(rules.lazy(), on="mask").select(key.alias("key"), "event")


def to_ledger(days: pl.DataFrame, leads: pl.DataFrame, book: RuleBook) -> pl.DataFrame:
    """Weigh and sum the days."""
    as_of = (book.as_of - EPOCH).days
    oldest = min(days["key"] % RULE, default=as_of)
    weights = pl.DataFrame(
        [
            (place * RULE + as_of - age, rule.points, rule.points * rule.weight(age), cap)
            for place, rule in enumerate(book.rules)
            for cap in [rule.max_per_day or 2**31]
            for age in range(as_of - oldest + 1)
            if rule.max_age_days is None or age <= rule.max_age_days
        ],
        schema={"rule_day": pl.Int64, "raw": pl.Float64, "weighted": pl.Float64, "cap": pl.Int64},
        orient="row",
    )
    rules = pl.DataFrame(
        [(place, rule.rule_id, rule.max_points) for place, rule in enumerate(book.rules)],
        schema={"rule": pl.Int64, "rule_id": pl.String, "max_points": pl.Float64},
        orient="row",
    )
    people = leads.lazy().filter("is_oldest").select("person", "lead_id")
    counted = pl.min_horizontal("events", "cap")
    held = pl.col("points").clip(-pl.col("max_points"), pl.col("max_points"))
    return (
        days.lazy()
        .with_columns((pl.col("key") % PERSON).alias("rule_day"))
        .join(weights.lazy(), on="rule_day")
        .group_by((pl.col("key") // RULE).alias("person_rule"))
        .agg(
            (pl.col("key") % RULE).max().alias("day"),
            pl.col("events").sum().cast(pl.Int64).alias("event_count"),
            (pl.col("raw") * counted).sum().alias("raw_points"),
            (pl.col("weighted") * counted).sum().alias("points"),
        )
        .with_columns(
            (pl.col("person_rule") // (PERSON // RULE)).alias("person"),
            (pl.col("person_rule") % (PERSON // RULE)).alias("rule"),
        )
        .join(people, on="person")
        .join(rules.lazy(), on="rule")
        .select(
            "lead_id",
            "rule_id",
            pl.col("day").cast(pl.Int32).cast(pl.Date).alias("occurred_on"),
            "event_count",
            rounded(pl.col("raw_points")).alias("raw_points"),
            rounded(pl.when(pl.col("max_points").is_null()).then("points").otherwise(held)).alias(
                "points"
            ),
        )
        .filter((pl.col("raw_points") != 0) | (pl.col("points") != 0))
        .collect(engine="streaming")
    )


def rounded(points: pl.Expr) -> pl.Expr:
    """Points to four decimals, half away from zero; the noise beyond ten decimals goes first."""
    return points.round(10).round(4, mode="half_away_from_zero")


if __name__ == "__main__":
    scripts.run(score)
