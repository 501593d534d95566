"""What belongs here: the rule book as the three scripts read it, straight from its CSV files.

The scripts score the first model of a rule book, one without a product, by its behavioural rules
on one day. An event is
worth something where it meets a definition of an activity that a rule of that day names; each
definition is a bit of a whole number, so that an event's definitions are one number.
"""

import csv
import datetime as dt
import functools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

import yaml

PROJECT = Path(__file__).resolve().parents[1]
REFERENCE = PROJECT / "seeds" / "reference"


# Per column of an event with few values: which definitions one of its values does not rule out.
Columns = dict[str, Callable[[str | None], int]]


@dataclass(frozen=True)
class Rule:
    """A behavioural rule; what is empty in the file is None."""

    rule_id: str
    activity: str
    points: float
    decay: str
    half_life_days: float | None
    floor_weight: float
    max_age_days: int | None
    max_per_day: int | None
    max_points: float | None

    def counts_from(self, as_of: dt.date) -> dt.date:
        """The first day of which something is left on the as-of day."""
        if self.max_age_days is None:
            return dt.date(1, 1, 1)
        return as_of - dt.timedelta(days=self.max_age_days)

    def weight(self, age_days: int) -> float:
        """What is left of a point after so many days.

        >>> Rule("r", "a", 10, "linear", 30, 0, None, None, None).weight(30)
        0.5
        """
        left = {
            "exponential": lambda: 0.5 ** (age_days / self.half_life_days),
            "linear": lambda: max(0.0, 1 - age_days / (2 * self.half_life_days)),
            "step": lambda: 0.5 ** (age_days // self.half_life_days),
            "none": lambda: 1.0,
        }[self.decay]()
        return self.floor_weight + (1 - self.floor_weight) * left


@dataclass(frozen=True)
class Definition:
    """One row of activities.csv: which events of a channel are the activity."""

    activity: str
    channel: str
    event_type: str
    attribute: str
    operator: str
    value: str


@dataclass(frozen=True)
class RuleBook:
    """What the scripts need to know to score one day."""

    model: str
    as_of: dt.date
    rules: tuple[Rule, ...]
    definitions: tuple[Definition, ...]
    crawlers: re.Pattern
    privacy_proxies: re.Pattern
    links_of_one_mail_seconds: int
    click_after_delivery_seconds: int
    visitor_lookback_days: int

    def of(self, channel: str) -> tuple[Definition, ...]:
        """The definitions of one channel; a definition's place is its bit."""
        return tuple(one for one in self.definitions if one.channel == channel)

    def rules_of(self, channel: str, mask: int) -> list[int]:
        """The places of the rules that name an activity of these definitions."""
        activities = {one.activity for bit, one in enumerate(self.of(channel)) if mask >> bit & 1}
        return [place for place, rule in enumerate(self.rules) if rule.activity in activities]

    def mask_rules(self, channel: str, masks: list[list[int]]) -> list[tuple[int, int]]:
        """Every mask that an event may have and each rule it counts for, by their places.

        masks: per column, what its values do not rule out.
        """
        together = {mask for _, mask in self.counting(channel)}
        for of_column in masks:
            together = {one & other for one in together for other in of_column}
        return [(mask, rule) for mask in together for rule in self.rules_of(channel, mask)]

    def counting(self, channel: str) -> list[tuple[dt.date, int]]:
        """From which day on which definitions give points: (day, mask), latest day first.

        An event before the last of the days gives none.
        """
        first = {}
        for rule in self.rules:
            day = rule.counts_from(self.as_of)
            first[rule.activity] = min(first.get(rule.activity, day), day)
        days = sorted({first[one.activity] for one in self.of(channel)}, reverse=True)
        return [
            (
                day,
                sum(
                    1 << bit
                    for bit, one in enumerate(self.of(channel))
                    if first[one.activity] <= day
                ),
            )
            for day in days
        ]


def read(folder: Path, as_of: dt.date) -> RuleBook:
    """The rule book of a folder of CSV files as it is on that day."""
    model = rows_of(folder / "models.csv")[0]["model_id"]
    rules = tuple(
        Rule(
            rule_id=row["rule_id"],
            activity=row["activity"],
            points=float(row["points"]),
            decay=row["decay"],
            half_life_days=number(row["half_life_days"], float),
            floor_weight=number(row["floor_weight"], float) or 0.0,
            max_age_days=number(row["max_age_days"], int),
            max_per_day=number(row["max_per_day"], int),
            max_points=number(row["max_points"], float),
        )
        for row in rows_of(folder / "rules_behavioral.csv")
        if row["model_id"] == model and is_valid(row, as_of)
    )
    named = {rule.activity for rule in rules}
    definitions = tuple(
        Definition(**{field: row[field] for field in Definition.__dataclass_fields__})
        for row in rows_of(folder / "activities.csv")
        if row["activity"] in named
    )
    agents = rows_of(REFERENCE / "machine_user_agents.csv")
    seconds = {
        row["threshold"]: int(row["seconds"])
        for row in rows_of(REFERENCE / "machine_thresholds.csv")
    }
    settings = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"]
    return RuleBook(
        model=model,
        as_of=as_of,
        rules=rules,
        definitions=definitions,
        crawlers=any_of(row["pattern"] for row in agents if row["kind"] == "crawler"),
        privacy_proxies=any_of(row["pattern"] for row in agents if row["kind"] == "privacy_proxy"),
        links_of_one_mail_seconds=seconds["links_of_one_mail_within"],
        click_after_delivery_seconds=seconds["click_after_delivery_within"],
        visitor_lookback_days=settings["visitor_lookback_days"],
    )


def rows_of(file: Path) -> list[dict[str, str]]:
    """The rows of a CSV file, blanks around values taken away."""
    with file.open(newline="", encoding="utf-8") as lines:
        return [
            {column: (value or "").strip() for column, value in row.items()}
            for row in csv.DictReader(lines)
        ]


def number(text: str, kind: type) -> float | int | None:
    """The number that a cell holds; None where it is empty."""
    return kind(text) if text else None


def is_valid(row: dict[str, str], day: dt.date) -> bool:
    """Whether a dated row counts on that day."""
    return row["valid_from"] <= str(day) and (not row["valid_to"] or str(day) < row["valid_to"])


def any_of(patterns: Iterable[str]) -> re.Pattern:
    """One pattern that is found where any of these is."""
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


def url_path(url: str | None) -> str:
    """The path of an address.

    >>> url_path("https://www.tidewater.example/Pricing?ref=nav")
    '/Pricing'
    """
    if not url or not url.strip():
        return ""
    return re.sub(r"[?#].*$", "", re.sub(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*", "", url)) or "/"


def mask_of(definitions: tuple[Definition, ...], values: dict[str, str]) -> int:
    """The definitions that these values of an event do not rule out, as bits.

    values: {`event_type` or an attribute of activities.csv: its value, empty where missing}.
    """
    mask = 0
    for bit, one in enumerate(definitions):
        is_type = not one.event_type or (
            one.event_type.lower() == values.get("event_type", one.event_type).lower()
        )
        is_value = one.attribute not in values or is_met(
            one.operator, values[one.attribute], one.value
        )
        mask |= (is_type and is_value) << bit
    return mask


def web_columns(book: RuleBook) -> Columns:
    """What the columns of a web event say about it; what a crawler does is nothing."""
    fits = functools.partial(mask_of, book.of("web"))
    return {
        "event_type": lambda value: fits({"event_type": text(value)}),
        "url": lambda value: fits({"url_path": url_path(value)}),
        "search_term": lambda value: fits({"search_term": text(value)}),
        "user_agent": lambda value: 0 if book.crawlers.search(text(value)) else -1,
    }


def email_columns(book: RuleBook, campaigns: list[dict]) -> Columns:
    """What the columns of a mail event say about it; of a campaign the newest row counts."""
    fits = functools.partial(mask_of, book.of("email"))
    names = ("topic", "campaign_name", "product")
    known = {
        row["campaign_id"]: {name: text(row[name]) for name in names}
        for row in sorted(campaigns, key=lambda row: row["_loaded_at"])
        if row["campaign_id"] is not None
    }
    unknown = dict.fromkeys(names, "")
    return {
        "event_type": lambda value: fits({"event_type": text(value)}),
        "campaign_id": lambda value: fits(known.get(value, unknown)),
    }


def crm_columns(book: RuleBook) -> Columns:
    """What the columns of the CRM's activities say about one."""
    fits = functools.partial(mask_of, book.of("crm"))
    return {
        "activity_type": lambda value: fits(
            {"event_type": text(value), "activity_type": text(value)}
        ),
        "product": lambda value: fits({"product": text(value)}),
    }


def text(value: str | None) -> str:
    """A value without outer blanks; nothing where there is none."""
    return (value or "").strip()


def is_met(operator: str, value: str, operand: str) -> bool:
    """Whether a value meets what a definition asks for; an empty value is a missing one.

    >>> is_met("starts_with", "/Pricing", "/pricing"), is_met("between", "7", "5..7")
    (True, False)
    """
    if operator == "missing" or not value:
        return operator == "missing" and not value
    low, high = value.lower(), operand.lower()
    return {
        "present": lambda: True,
        "equals": lambda: is_equal(low, high),
        "in": lambda: any(is_equal(low, part.strip()) for part in high.split("|")),
        "contains": lambda: high in low,
        "starts_with": lambda: low.startswith(high),
        "ends_with": lambda: low.endswith(high),
        "matches": lambda: re.search(operand, value, re.IGNORECASE) is not None,
        "between": lambda: is_between(low, high),
    }[operator]()


def is_equal(one: str, other: str) -> bool:
    """Whether two texts are the same, as numbers where both are."""
    return one == other or (as_number(one) is not None and as_number(one) == as_number(other))


def is_between(value: str, bounds: str) -> bool:
    """Whether a number lies in `low..high`: low included, high not, either may be empty."""
    known = as_number(value)
    low, high = (as_number(end) for end in bounds.split(".."))
    return known is not None and (low is None or low <= known) and (high is None or known < high)


def as_number(text: str) -> Decimal | None:
    """The number a text reads as."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
