"""What belongs here: the behavioural scoring of one day, written by hand for pandas.

    python -m benchmarks.pandas_script --raw <folder> --rules <folder> --as-of <day> --out <file>

pandas holds what it works on in memory, so the events are read file by file, and of each file only
what counts is kept. Columns with few values stay numbers of a dictionary. The steps are those of
the DuckDB script.
"""

import datetime as dt
import functools
import operator
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from benchmarks import rule_book, scripts
from benchmarks.rule_book import Columns, RuleBook
from benchmarks.scripts import Steps

EPOCH = pd.Timestamp(0)
DAY = pd.Timedelta(days=1)
# A key is person × PERSON + rule × RULE + day.
RULE = 2**16
PERSON = 2**32


def score(raw: Path, book: RuleBook, out: Path, steps: Steps) -> None:
    """Score one day and write its ledger."""
    leads = find_leads(raw, book)
    people = leads[leads["is_oldest"]]
    addresses = people.dropna(subset="email").set_index("email")["person"]
    steps.done("people")
    named = find_named(raw, addresses, book)
    visitors = find_visitors(named, book)
    steps.done("visitors")
    mails = find_mails(raw, addresses, book)
    steps.done("mails")
    counted = pd.concat(
        [
            *web_events(raw, visitors, book),
            with_rules(named_events(named, visitors), "web", book),
            with_rules(mails, "email", book),
            with_rules(crm_events(raw, leads, book), "crm", book),
        ]
    )
    days = counted.drop_duplicates().groupby("key", sort=False).size()
    steps.done("events by lead, rule and day")
    to_ledger(days, people, book).to_parquet(out)
    steps.done("ledger")


def read(raw: Path, table: str, columns: list[str], few: tuple = ()) -> Iterator[pd.DataFrame]:
    """A raw table, one file after another; columns of few values come as categories."""
    place = raw / table
    files = sorted(place.rglob("*.parquet")) if place.is_dir() else [f"{place}.parquet"]
    for file in files:
        rows = pq.read_table(file, columns=columns, read_dictionary=list(few))
        yield rows.unify_dictionaries().to_pandas()


def is_usable(rows: pd.DataFrame, book: RuleBook, key: str = "event_id") -> pd.Series:
    """True for rows that can be used and happened by the day."""
    return (
        rows[key].notna()
        & (rows["occurred_at"] < pd.Timestamp(book.as_of) + DAY)
        & (rows["occurred_at"] - rows["_loaded_at"] <= DAY)
    )


def address_of(email: pd.Series) -> pd.Series:
    """The address as it is compared."""
    return email.str.strip().str.lower()


def find_leads(raw: Path, book: RuleBook) -> pd.DataFrame:
    """The leads of the day: lead_id, email, person, is_oldest.

    Leads with one address have one number as person.
    """
    columns = ["lead_id", "email", "is_deleted", "created_at", "updated_at", "_loaded_at"]
    leads = pd.concat(read(raw, "crm/leads", [*columns, "employee_count", "annual_revenue"]))
    tomorrow = pd.Timestamp(book.as_of) + DAY
    leads = leads[
        leads["lead_id"].notna()
        & (leads["updated_at"] < tomorrow)
        & (leads["created_at"] < tomorrow)
        & (leads["updated_at"] - leads["_loaded_at"] <= DAY)
        & (leads["created_at"] - leads["_loaded_at"] <= DAY)
        & (leads["employee_count"].fillna(0) >= 0)
        & (leads["annual_revenue"].fillna(0) >= 0)
    ][columns]
    leads = leads.sort_values(["updated_at", "_loaded_at"]).drop_duplicates("lead_id", keep="last")
    leads = leads[leads["is_deleted"].fillna(False) == 0].sort_values(["created_at", "lead_id"])
    leads["email"] = address_of(leads["email"]).replace("", None)
    address = leads["email"].fillna(" " + leads["lead_id"])
    leads["person"] = pd.factorize(address)[0].astype(np.int64)
    leads["is_oldest"] = ~leads["person"].duplicated()
    return leads[["lead_id", "email", "person", "is_oldest"]]


def masks_of(rows: pd.DataFrame, book: RuleBook, channel: str, columns: Columns) -> pd.Series:
    """The definitions that events meet and that still give points, as bits. Shape (rows,)."""
    counting = np.zeros(len(rows), np.int64)
    for day, bits in reversed(book.counting(channel)):
        counting[rows["occurred_at"] >= np.datetime64(day)] = bits
    masks = [counting]
    for column, mask_of in columns.items():
        known = [*rows[column].cat.categories, None]  # the code of a missing value is -1
        masks.append(np.array([mask_of(value) for value in known])[rows[column].cat.codes])
    return pd.Series(functools.reduce(operator.and_, masks), rows.index)


def find_named(raw: Path, addresses: pd.Series, book: RuleBook) -> pd.DataFrame:
    """The web events with an address; person is empty where no lead has it."""
    columns = rule_book.web_columns(book)
    needed = ["event_id", "visitor_id", "email", "occurred_at", "_loaded_at", *columns]
    found = []
    for rows in read(raw, "web/events", needed, tuple(columns)):
        rows = rows[rows["email"].notna()]
        rows = rows[is_usable(rows, book)]
        rows["mask"] = masks_of(rows, book, "web", columns)
        rows["person"] = address_of(rows["email"]).map(addresses)
        found.append(rows[["event_id", "visitor_id", "occurred_at", "mask", "person"]])
    return pd.concat(found)


def find_visitors(named: pd.DataFrame, book: RuleBook) -> pd.DataFrame:
    """Whose a visitor is, and from when its events count: person, counts_from by visitor_id."""
    known = named.dropna(subset=["person", "visitor_id"]).sort_values(["occurred_at", "event_id"])
    visitors = known.groupby("visitor_id").agg(
        person=("person", "last"), counts_from=("occurred_at", "min")
    )
    visitors["person"] = visitors["person"].astype(np.int64)
    lookback = pd.Timedelta(days=book.visitor_lookback_days)
    visitors["counts_from"] = visitors["counts_from"].dt.floor("D") - lookback
    return visitors


def what_counts(rows: pd.DataFrame, key: str = "event_id") -> pd.DataFrame:
    """Of events: whose they were, what, on which day, and a number for each."""
    return pd.DataFrame(
        {
            "person": rows["person"].astype(np.int64),
            "mask": rows["mask"],
            "day": (rows["occurred_at"] - EPOCH) // DAY,
            "event": pd.util.hash_array(rows[key].to_numpy(object), categorize=False),
        }
    )


def web_events(raw: Path, visitors: pd.DataFrame, book: RuleBook) -> Iterator[pd.DataFrame]:
    """What known visitors did without giving an address, by rule, file by file."""
    columns = rule_book.web_columns(book)
    needed = ["event_id", "visitor_id", "email", "occurred_at", "_loaded_at", *columns]
    for rows in read(raw, "web/events", needed, tuple(columns)):
        rows["mask"] = masks_of(rows, book, "web", columns)
        rows = rows[(rows["mask"] != 0) & rows["email"].isna() & is_usable(rows, book)]
        yield with_rules(of_visitors(rows, visitors), "web", book)


def of_visitors(rows: pd.DataFrame, visitors: pd.DataFrame) -> pd.DataFrame:
    """What known visitors did: of the lead that the visitor is."""
    place = visitors.index.get_indexer(rows["visitor_id"])
    rows, place = rows[place >= 0], place[place >= 0]
    counts = rows["occurred_at"].to_numpy() >= visitors["counts_from"].to_numpy()[place]
    rows = rows[counts].assign(person=visitors["person"].to_numpy()[place[counts]])
    return what_counts(rows)


def named_events(named: pd.DataFrame, visitors: pd.DataFrame) -> pd.DataFrame:
    """Events with an address: of the lead that has it, else of the visitor's."""
    counting = named[named["mask"] != 0]
    own = counting["person"].notna()
    return pd.concat([what_counts(counting[own]), of_visitors(counting[~own], visitors)])


def crm_events(raw: Path, leads: pd.DataFrame, book: RuleBook) -> pd.DataFrame:
    """What the CRM recorded of its leads."""
    columns = rule_book.crm_columns(book)
    needed = ["activity_id", "lead_id", "occurred_at", "_loaded_at", *columns]
    found = []
    for rows in read(raw, "crm/activities", needed, tuple(columns)):
        rows["mask"] = masks_of(rows, book, "crm", columns)
        rows = rows[(rows["mask"] != 0) & is_usable(rows, book, "activity_id")]
        found.append(rows.merge(leads, on="lead_id"))
    return what_counts(pd.concat(found), "activity_id")


def find_mails(raw: Path, addresses: pd.Series, book: RuleBook) -> pd.DataFrame:
    """What people did with mails; what link scanners and privacy proxies did is left out."""
    campaigns = pd.concat(read(raw, "email/campaigns", None)).replace({np.nan: None})
    columns = rule_book.email_columns(book, campaigns.to_dict("records"))
    few = (*columns, "user_agent", "url")
    needed = ["event_id", "email", "occurred_at", "_loaded_at", *few]
    found, delivered = [], []
    for rows in read(raw, "email/events", needed, few):
        rows["mask"] = masks_of(rows, book, "email", columns)
        agents = rows["user_agent"].cat.categories
        proxies = [agent for agent in agents if book.privacy_proxies.search(agent)]
        seen = (rows["event_type"] == "open") & rows["user_agent"].isin(proxies)
        kinds = [("mask", (rows["mask"] != 0) & ~seen), ("type", rows["event_type"] == "delivered")]
        for pieces, (_, wanted) in zip((found, delivered), kinds, strict=True):
            piece = rows[wanted]
            piece = piece[is_usable(piece, book)]
            piece["person"] = address_of(piece["email"]).map(addresses)
            piece = piece.dropna(subset="person")
            pieces.append(
                piece.astype({"event_type": "str", "campaign_id": "str", "url": "str"})[
                    [
                        "event_id",
                        "event_type",
                        "campaign_id",
                        "url",
                        "occurred_at",
                        "mask",
                        "person",
                    ]
                ]
            )
    mails = pd.concat(found)
    clicks = mails[(mails["event_type"] == "click") & mails["campaign_id"].notna()]
    return what_counts(
        mails[~mails["event_id"].isin(find_scanner_clicks(clicks, pd.concat(delivered), book))]
    )


def find_scanner_clicks(
    clicks: pd.DataFrame, delivered: pd.DataFrame, book: RuleBook
) -> np.ndarray:
    """The ids of clicks with another link of the mail, or the delivery, within few seconds."""
    mail = ["person", "campaign_id"]
    clicks = clicks.assign(day=clicks["occurred_at"].dt.floor("D"))
    pairs = clicks.merge(clicks, on=[*mail, "day"])
    apart = (pairs["occurred_at_x"] - pairs["occurred_at_y"]).abs()
    with_others = pairs[
        (pairs["url_x"] != pairs["url_y"])
        & pairs["url_x"].notna()
        & pairs["url_y"].notna()
        & (apart <= pd.Timedelta(seconds=book.links_of_one_mail_seconds))
    ]["event_id_x"]
    pairs = clicks.merge(delivered, on=mail)
    since = pairs["occurred_at_x"] - pairs["occurred_at_y"]
    on_arrival = pairs[
        (since >= pd.Timedelta(0))
        & (since <= pd.Timedelta(seconds=book.click_after_delivery_seconds))
    ]["event_id_x"]
    return pd.concat([with_others, on_arrival]).unique()


def with_rules(events: pd.DataFrame, channel: str, book: RuleBook) -> pd.DataFrame:
    """One row per event and rule it counts for: key, event."""
    pairs = [
        (mask, rule) for mask in events["mask"].unique() for rule in book.rules_of(channel, mask)
    ]
    counted = events.merge(pd.DataFrame(pairs, columns=["mask", "rule"]), on="mask")
    key = counted["person"] * PERSON + counted["rule"] * RULE + counted["day"]
    return pd.DataFrame({"key": key, "event": counted["event"]})


def to_ledger(days: pd.Series, people: pd.DataFrame, book: RuleBook) -> pd.DataFrame:
    """Weigh and sum the days; days: events by key."""
    key, events = days.index.to_numpy(), days.to_numpy()
    as_of = (book.as_of - dt.date(1970, 1, 1)).days
    rule, day = key % PERSON // RULE, key % RULE
    rules = pd.DataFrame([vars(one) for one in book.rules])
    age = as_of - day
    # What is left of a point, by rule and age.
    weights = np.array(
        [[one.weight(days) for days in range(age.max(initial=0) + 1)] for one in book.rules]
    )
    cap = rules["max_per_day"].fillna(2**31).to_numpy()
    raw = rules["points"].to_numpy()[rule] * np.minimum(events, cap[rule])
    counts = age <= rules["max_age_days"].fillna(2**31).to_numpy()[rule]
    weighed = pd.DataFrame(
        {
            "person": key // PERSON,
            "rule": rule,
            "day": day,
            "event_count": events,
            "raw_points": raw,
            "points": raw * weights[rule, age],
        }
    )[counts]
    ledger = weighed.groupby(["person", "rule"], as_index=False).agg(
        {"day": "max", "event_count": "sum", "raw_points": "sum", "points": "sum"}
    )
    limit = rules["max_points"].fillna(np.inf).to_numpy()[ledger["rule"]]
    ledger["points"] = rounded(np.clip(ledger["points"], -limit, limit))
    ledger["raw_points"] = rounded(ledger["raw_points"])
    ledger = ledger[(ledger["raw_points"] != 0) | (ledger["points"] != 0)]
    ledger["lead_id"] = ledger["person"].map(people.set_index("person")["lead_id"])
    ledger["rule_id"] = rules["rule_id"].to_numpy()[ledger["rule"]]
    ledger["occurred_on"] = (EPOCH + ledger["day"] * DAY).dt.date
    return ledger[["lead_id", "rule_id", "occurred_on", "event_count", "raw_points", "points"]]


def rounded(points: pd.Series) -> pd.Series:
    """Points to four decimals, half away from zero; the noise beyond ten decimals goes first."""
    places = (points.abs() * 10**10).round().astype(np.int64)
    return np.sign(points) * ((places + 500_000) // 1_000_000) / 10**4


if __name__ == "__main__":
    scripts.run(score)
