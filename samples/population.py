"""Who there is and what truly moves them: companies, people, deals.

Only the hidden world belongs here; `samples.tables` turns it into the raw tables an export
would show. Two numbers drive everything: a person's *fit* (from seniority, company and kind
of mail address) and *heat* (how strong the one burst of interest around `peak` is). Deals
open and are won by both, with noise; visits, mails and calls follow heat alone.

Times are int64 microseconds since 1970, UTC. Arrays named after a person have shape
(people,), after a company (companies,), after a deal (deals,).
"""

from __future__ import annotations

import unicodedata
import zlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from samples import vocabulary as words

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

# A burst of interest rises slowly towards its peak and fades faster after it.
RISE_DAYS = 12.0
FADE_DAYS = 5.0
PEOPLE_PER_COMPANY = 4
DUPLICATE_SHARE = 0.015
EXISTING_CUSTOMER_SHARE = 0.06


@dataclass(frozen=True)
class Window:
    """The time covered: from `start`, included, to `end`, excluded."""

    start: int
    end: int


@dataclass(frozen=True)
class Companies:
    """Shape (companies,) each."""

    name: np.ndarray
    domain: np.ndarray
    industry: np.ndarray  # row of INDUSTRIES
    employees: np.ndarray
    revenue: np.ndarray
    place: np.ndarray  # row of PLACES
    is_account: np.ndarray  # known to the CRM as an account
    customer_since: np.ndarray  # time, 0 where not a customer before the window


@dataclass(frozen=True)
class People:
    """Shape (people,) each."""

    created: np.ndarray
    first_name: np.ndarray
    last_name: np.ndarray
    email: np.ndarray  # as the CRM has it, None where missing
    mail_kind: np.ndarray  # row of MAIL_KINDS
    company: np.ndarray
    title: np.ndarray  # row of TITLES
    source: np.ndarray  # row of LEAD_SOURCES
    place: np.ndarray
    duplicate_of: np.ndarray  # another person, -1 where none
    fit: np.ndarray  # mean 0, spread 1
    heat: np.ndarray  # 0 where there is no burst
    peak: np.ndarray  # time at which the burst is strongest
    visits_web: np.ndarray  # bool
    web_since: np.ndarray  # first possible visit
    trickle: np.ndarray  # expected visits a year outside of bursts
    unsubscribed: np.ndarray  # time, after the window where never


@dataclass(frozen=True)
class Deals:
    """Shape (deals,) each."""

    person: np.ndarray  # -1 where the deal is the company's alone
    company: np.ndarray
    created: np.ndarray
    closed: np.ndarray  # may lie after the window: then still open
    is_won: np.ndarray
    reached: np.ndarray  # last of the four open stages it gets to
    amount: np.ndarray
    product: np.ndarray
    demo_asked: np.ndarray  # time, 0 where none was asked for


MAIL_KINDS = ["corporate", "free", "role", "disposable", "invalid", "missing", "rival", "own"]
MAIL_SHARES = [0.665, 0.20, 0.03, 0.025, 0.02, 0.045, 0.008, 0.007]
MAIL_FIT = np.array([0.4, -0.7, -0.6, -2.0, -1.5, -0.8, -3.0, -3.0])


def stream(seed: int, name: str, part: int = 0) -> np.random.Generator:
    """A generator of its own for one part of one table, so that no table moves another.

    >>> int(stream(7, "crm.leads").integers(1000)) == int(stream(7, "crm.leads").integers(1000))
    True
    """
    return np.random.default_rng([seed, zlib.crc32(name.encode()), part])


def choose(rng: np.random.Generator, shares: list[float], size: int) -> np.ndarray:
    """Row numbers drawn by share; the shares need not add up to one. Shape (size,)."""
    steps = np.cumsum(shares)
    return np.searchsorted(steps, rng.random(size) * steps[-1], side="right")


def sigmoid(x: np.ndarray) -> np.ndarray:
    """The logistic function."""
    return 1.0 / (1.0 + np.exp(-x))


def between(
    rng: np.random.Generator, low: np.ndarray | int, high: np.ndarray | int, size: int
) -> np.ndarray:
    """Times drawn evenly from low, included, to high, excluded. Shape (size,)."""
    width = np.maximum(np.asarray(high) - low, 1)
    return low + (rng.random(size) * width).astype(np.int64)  # a sum of floats would round


def to_working_hours(
    rng: np.random.Generator, times: np.ndarray, *, earliest: int = 0
) -> np.ndarray:
    """Keep the day, most weekends pulled back to the week before; draw the hour anew.

    No day is pulled back to before `earliest`.
    """
    day = times // DAY
    weekday = (day + 3) % 7  # 1970-01-01 was a Thursday; Monday is 0
    size = len(times)
    pulled = (weekday >= 5) & (rng.random(size) < 0.7)
    weekdays = day - weekday + rng.integers(0, 5, size)
    day = np.where(pulled & (weekdays >= earliest // DAY), weekdays, day)
    hour = np.clip(rng.normal(13.5, 3.6, size), 0.0, 23.99)
    return day * DAY + (hour * HOUR).astype(np.int64)


def burst_share_before(days_from_peak: np.ndarray) -> np.ndarray:
    """Which share of a burst lies before a day, counted from its peak.

    >>> burst_share_before(np.array([-1000.0, 0.0, 1000.0])).round(2).tolist()
    [0.0, 0.71, 1.0]
    """
    rising = RISE_DAYS / (RISE_DAYS + FADE_DAYS)
    before = rising * np.exp(np.minimum(days_from_peak, 0) / RISE_DAYS)
    after = 1 - (1 - rising) * np.exp(-np.maximum(days_from_peak, 0) / FADE_DAYS)
    return np.where(days_from_peak < 0, before, after)


def burst_day(share: np.ndarray) -> np.ndarray:
    """The day, counted from the peak, before which that share of a burst lies.

    >>> burst_share_before(burst_day(np.array([0.1, 0.9]))).round(6).tolist()
    [0.1, 0.9]
    """
    rising = RISE_DAYS / (RISE_DAYS + FADE_DAYS)
    share = np.clip(share, 1e-9, 1 - 1e-9)
    return np.where(
        share < rising,
        RISE_DAYS * np.log(np.minimum(share, rising) / rising),
        -FADE_DAYS * np.log((1 - np.maximum(share, rising)) / (1 - rising)),
    )


def heat_at(people: People, person: np.ndarray, times: np.ndarray) -> np.ndarray:
    """How hot these people are at these times, 0 where there is no burst. Shape as given."""
    days = (times - people.peak[person]) / DAY
    shape = np.exp(np.minimum(days, 0) / RISE_DAYS - np.maximum(days, 0) / FADE_DAYS)
    return people.heat[person] * shape


def make_companies(rng: np.random.Generator, count: int, window: Window) -> Companies:
    """Invent companies with unique names and domains under `.example`."""
    combinations = len(words.COMPANY_FIRST) * len(words.COMPANY_SECOND)
    shuffled = rng.permutation(combinations)
    names, domains = [], []
    suffixes = choose(rng, [1.0] * len(words.COMPANY_SUFFIXES), count)
    for number in range(count):
        first, second = divmod(int(shuffled[number % combinations]), len(words.COMPANY_SECOND))
        stem = words.COMPANY_FIRST[first] + words.COMPANY_SECOND[second]
        again = number // combinations
        names.append(f"{stem}{again or ''} {words.COMPANY_SUFFIXES[suffixes[number]]}".strip())
        domains.append(f"{stem.lower()}{again or ''}.example")
    employees = np.clip(np.exp(rng.normal(5.0, 1.8, count)), 1, 250_000).astype(np.int64)
    was_customer = rng.random(count) < EXISTING_CUSTOMER_SHARE
    return Companies(
        name=np.array(names, dtype=object),
        domain=np.array(domains, dtype=object),
        industry=choose(rng, [row[2] for row in words.INDUSTRIES], count),
        employees=employees,
        revenue=np.round(employees * np.exp(rng.normal(11.9, 0.5, count)), -4),
        place=choose(rng, [row[4] for row in words.PLACES], count),
        is_account=(rng.random(count) < 0.7) | was_customer,
        customer_since=np.where(
            was_customer, between(rng, window.start - 900 * DAY, window.start, count), 0
        ),
    )


def make_names(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """First and last names, some mashed on the keyboard, some missing. Shape (count,) twice."""
    made = []
    for common, missing_share in ((words.FIRST_NAMES, 0.06), (words.LAST_NAMES, 0.04)):
        names = np.array(common, dtype=object)[rng.integers(0, len(common), count)]
        for odd, share in (
            (words.MASHED_NAMES, 0.012),
            (words.NAMES_WITH_DIGITS, 0.008),
            (words.NAMES_WITH_REPEATS, 0.006),
        ):
            hit = rng.random(count) < share
            names[hit] = np.array(odd, dtype=object)[rng.integers(0, len(odd), hit.sum())]
        names[rng.random(count) < missing_share] = None
        made.append(names)
    lower = rng.random(count) < 0.03
    made[0][lower] = [name and name.lower() for name in made[0][lower]]
    return made[0], made[1]


def to_mailbox(name: str | None) -> str:
    """What a name looks like before the `@`.

    >>> to_mailbox("François"), to_mailbox(None)
    ('francois', 'user')
    """
    plain = unicodedata.normalize("NFKD", name or "").encode("ascii", "ignore").decode().lower()
    return "".join(letter for letter in plain if letter.isalnum()) or "user"


def make_emails(
    rng: np.random.Generator,
    kinds: np.ndarray,
    first: np.ndarray,
    last: np.ndarray,
    company_domains: np.ndarray,
) -> np.ndarray:
    """E-mail addresses of the given kinds, unique before the mess is added. Shape as `kinds`."""
    mailbox = {name: to_mailbox(name) for name in {*first, *last}}
    draws = rng.integers(0, 1_000_000, len(kinds))
    emails: list[str | None] = []
    for number, (kind, draw) in enumerate(zip(kinds, draws, strict=True)):
        local = f"{mailbox[first[number]]}.{mailbox[last[number]]}"
        match MAIL_KINDS[kind]:
            case "corporate":
                email = f"{local}@{company_domains[number]}"
            case "free":
                email = f"{local}{number}@{words.FREE_MAIL[draw % len(words.FREE_MAIL)]}"
            case "role":
                role = words.ROLE_MAILBOXES[draw % len(words.ROLE_MAILBOXES)]
                email = f"{role}@{company_domains[number]}"
            case "disposable":
                domain = words.DISPOSABLE_MAIL[draw % len(words.DISPOSABLE_MAIL)]
                email = f"{mailbox[first[number]]}{number}@{domain}"
            case "invalid":
                email = words.BROKEN_ADDRESSES[draw % len(words.BROKEN_ADDRESSES)].format(local)
            case "rival":
                domain = words.COMPETITOR_DOMAINS[draw % len(words.COMPETITOR_DOMAINS)]
                email = f"{local}{number}@{domain}"
            case "own":
                email = f"{local}{number}@{words.OWN_DOMAIN}"
            case _:
                email = None
        emails.append(email)
    unique = pd.Series(emails, dtype=object)
    personal = np.isin(kinds, [MAIL_KINDS.index("corporate"), MAIL_KINDS.index("role")])
    for number in np.flatnonzero(unique.duplicated().to_numpy() & personal):
        local, domain = emails[number].split("@")
        emails[number] = f"{local}{number}@{domain}"
    return np.array(emails, dtype=object)


def add_address_mess(rng: np.random.Generator, emails: np.ndarray) -> np.ndarray:
    """Upper case and outer blanks, as people type them, on about one address in twelve."""
    messy = emails.copy()
    for share, change in (
        (0.03, str.upper),
        (0.03, str.title),
        (0.015, " {}".format),
        (0.015, "{} ".format),
    ):
        hit = (rng.random(len(emails)) < share) & pd.notna(emails)
        messy[hit] = [change(email) for email in emails[hit]]
    return messy


def make_people(
    rng: np.random.Generator, count: int, companies: Companies, window: Window
) -> People:
    """Invent people at companies, with their fit and their burst of interest."""
    # A square makes some companies send many leads and most of them one or two.
    company = (rng.random(count) ** 2 * len(companies.name)).astype(np.int64)
    title = choose(rng, [row[2] for row in words.TITLES], count)
    seniority = np.array([row[1] for row in words.TITLES])[title]
    kinds = choose(rng, MAIL_SHARES, count)
    size = np.log10(companies.employees[company])
    industry_fit = np.array([row[1] for row in words.INDUSTRIES])[companies.industry[company]]
    fit = (
        0.9 * seniority
        - 0.8 * np.abs(size - 3.0)
        + 0.8 * industry_fit
        + MAIL_FIT[kinds]
        + rng.normal(0, 0.5, count)
    )
    fit = (fit - fit.mean()) / (fit.std() or 1.0)

    created = np.where(
        rng.random(count) < 0.75,
        between(rng, window.start, window.end - HOUR, count),
        between(rng, window.start - 900 * DAY, window.start, count),
    )
    created = np.minimum(to_working_hours(rng, created), window.end - HOUR)
    has_burst = rng.random(count) < sigmoid(-0.9 + 0.4 * fit)
    heat = np.where(has_burst, np.exp(rng.normal(0.0, 0.8, count)), 0.0)
    # Peaks go on past the window, so that on its last day some are on their way up.
    peak = between(rng, np.maximum(created, window.start), window.end + 20 * DAY, count)
    sooner = between(rng, created, created + 25 * DAY, count)
    peak = np.where((rng.random(count) < 0.5) & (created > window.start), sooner, peak)

    first, last = make_names(rng, count)
    emails = make_emails(rng, kinds, first, last, companies.domain[company])
    duplicate_of = np.full(count, -1)
    copies = rng.choice(count, int(count * DUPLICATE_SHARE) * 2, replace=False)
    for original, copy in zip(*np.split(copies, 2), strict=True):
        if emails[original] and emails[copy] and created[original] < created[copy]:
            duplicate_of[copy] = original
            for values in (emails, first, last, company, title, kinds):
                values[copy] = values[original]
    is_copy = duplicate_of >= 0
    source = choose(rng, [row[1] for row in words.LEAD_SOURCES], count)
    web_born = np.isin([row[0] for row in words.LEAD_SOURCES], words.WEB_SOURCES)[source]
    visits_web = (rng.random(count) < np.where(web_born, 0.95, 0.55)) & ~is_copy
    return People(
        created=created,
        first_name=first,
        last_name=last,
        email=add_address_mess(rng, emails),
        mail_kind=kinds,
        company=company,
        title=title,
        source=source,
        place=companies.place[company],
        duplicate_of=duplicate_of,
        fit=fit,
        heat=np.where(is_copy, 0.0, heat),
        peak=peak,
        visits_web=visits_web,
        web_since=np.maximum(created - between(rng, 0, 45 * DAY, count), window.start),
        trickle=rng.gamma(0.7, 3.0, count),
        unsubscribed=np.where(
            rng.random(count) < 0.06,
            between(rng, np.maximum(created, window.start), window.end, count),
            window.end + DAY,
        ),
    )


def make_deals(
    rng: np.random.Generator, people: People, companies: Companies, window: Window
) -> Deals:
    """Open deals by fit and heat, decide them by fit and heat again, both with noise.

    Deals of companies that were customers before the window come last, without a person.
    """
    count = len(people.created)
    warmth = np.where(people.heat > 0, np.log(np.maximum(people.heat, 1e-9)), 0.0)
    chance = np.where(
        people.heat > 0,
        sigmoid(-0.7 + 1.2 * people.fit + 1.3 * warmth),
        sigmoid(-4.8 + 1.0 * people.fit),
    )
    opened = np.maximum(people.peak, people.created) + (
        rng.exponential(4.0, count) * DAY + HOUR
    ).astype(np.int64)
    opened = np.maximum(to_working_hours(rng, opened), people.created + MINUTE)
    buyer = (rng.random(count) < chance) & (opened >= window.start) & (opened < window.end)
    buyer &= (people.mail_kind < MAIL_KINDS.index("rival")) & (people.duplicate_of < 0)
    person = np.flatnonzero(buyer)
    opened = opened[person]

    pull = np.where(people.heat[person] > 0, 1.4 * warmth[person], -1.5)
    won = rng.random(len(person)) < sigmoid(
        -2.5 + 2.2 * people.fit[person] + pull + rng.normal(0, 0.4, len(person))
    )
    asks = rng.random(len(person)) < sigmoid(1.2 * warmth[person] - 0.4)
    asks &= people.visits_web[person] & (people.heat[person] > 0)
    asked = np.maximum(
        opened - between(rng, HOUR, 9 * DAY, len(person)), people.created[person] + MINUTE
    )

    older = np.flatnonzero(companies.customer_since)
    company = np.concatenate([people.company[person], older])
    size = len(company)
    created = np.concatenate([opened, companies.customer_since[older] - 60 * DAY])
    cycle = np.exp(rng.normal(3.6, 0.5, size)) * DAY
    closed = to_working_hours(rng, created + DAY + cycle.astype(np.int64))
    closed[len(person) :] = companies.customer_since[older]
    won = np.concatenate([won, np.ones(len(older), dtype=bool)])
    amount = np.sqrt(companies.employees[company]) * 900 * np.exp(rng.normal(0, 0.4, size))
    return Deals(
        person=np.concatenate([person, np.full(len(older), -1)]),
        company=company,
        created=created,
        closed=np.maximum(closed, created + HOUR),
        is_won=won,
        reached=np.where(won, 3, rng.integers(0, 4, size)),
        amount=np.round(np.maximum(amount, 1200), -2),
        product=rng.integers(0, len(words.PRODUCTS), size),
        demo_asked=np.concatenate(
            [np.where(asks & (asked < opened), asked, 0), np.zeros(len(older), dtype=np.int64)]
        ),
    )
