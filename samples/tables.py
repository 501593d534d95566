"""The raw tables as an export of the made-up world would show them, one function a table.

Small tables come as one Arrow table; the two event tables as a stream of pieces, a slice of
time each, so that any number of events needs the memory of one piece. Column order and types
follow the input contract; all timestamps are UTC microseconds without a zone.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from samples import vocabulary as words
from samples.population import (
    DAY,
    HOUR,
    MAIL_KINDS,
    MINUTE,
    SECOND,
    Companies,
    Deals,
    People,
    Window,
    add_address_mess,
    between,
    burst_day,
    burst_share_before,
    choose,
    heat_at,
    sigmoid,
    stream,
    to_working_hours,
)

PIECE_ROWS = 1_000_000
LATE_SHARE = 0.03
REPEAT_SHARE = 0.01

ANONYMOUS_SHARE = 0.45  # of the web events of people
CRAWLER_SHARE = 0.02
ANONYMOUS_VISITORS_PER_LEAD = 3
BURST_VISITS = 7.0  # at heat 1, where a trickling lead has about two a year
LEAVE_CHANCES = (0.65, 0.45)  # chance to leave after each page: anonymous, lead

EVENTS_PER_SEND = 2.7
CAMPAIGN_REACH = 0.25

TIMESTAMP = pa.timestamp("us")


def pick(
    values: list | tuple | np.ndarray | pa.Array,
    rows: np.ndarray,
    missing: np.ndarray | None = None,
) -> pa.Array:
    """The values at these row numbers, null where missing. Shape (rows,)."""
    codes = pa.array(np.asarray(rows, dtype=np.int32), mask=missing)
    known = values if isinstance(values, pa.Array) else pa.array(values)
    return pa.DictionaryArray.from_arrays(codes, known).dictionary_decode()


def nulled(values: np.ndarray, missing: np.ndarray) -> pa.Array:
    """These values, null where missing. Shape (rows,)."""
    return pa.array(values, mask=missing)


def at(times: np.ndarray, missing: np.ndarray | None = None) -> pa.Array:
    """Microseconds as timestamps, null where missing. Shape (rows,)."""
    return pa.array(times.astype(np.int64), mask=missing).cast(TIMESTAMP)


def make_ids(prefix: str, numbers: np.ndarray) -> pa.Array:
    """Unlike ids of one length that do not betray the order of the numbers. Shape (rows,).

    >>> make_ids("w", np.arange(2)).to_pylist()
    ['w1000000000000', 'w1194558394157']
    """
    # An odd factor modulo a power of two maps every number to another one.
    scattered = (numbers.astype(np.uint64) * np.uint64(0x5851F42D4C957F2D)) % np.uint64(2**40)
    digits = pa.array(scattered + np.uint64(10**12)).cast(pa.string())
    return pc.binary_join_element_wise(prefix, digits, "")


def lead_ids(rows: np.ndarray, missing: np.ndarray | None = None) -> pa.Array:
    """Ids of these people. Shape (rows,)."""
    ids = pa.array(rows.astype(np.int64) + 10_000_000, mask=missing).cast(pa.string())
    return pc.binary_join_element_wise("L", ids, "")


def load_after(
    rng: np.random.Generator, times: np.ndarray, window: Window, *, late_share: float = LATE_SHARE
) -> np.ndarray:
    """When rows of these times were loaded: mostly within hours, some weeks late.

    Nothing loads after the window: what would is loaded somewhere between its time and the
    window's end. Shape as `times`.
    """
    size = len(times)
    lag = rng.exponential(40 * MINUTE, size) + MINUTE
    late = rng.random(size) < late_share
    lag[late] = DAY * (2 + rng.exponential(11, late.sum()))
    loaded = times + lag.astype(np.int64)
    over = loaded >= window.end
    loaded[over] = between(rng, times[over], window.end, over.sum())
    return loaded


def shuffle_deliveries(
    rng: np.random.Generator, loaded: np.ndarray, window: Window
) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers in the order of delivery, some of them twice, and when each was loaded.

    Of the repeats half are exact, half are loaded again later. The order is about that of
    loading, never quite. Shape (rows + repeats,) twice.
    """
    size = len(loaded)
    repeats = rng.choice(size, round(size * REPEAT_SHARE), replace=False)
    again = loaded[repeats].copy()
    half = len(again) // 2
    again[half:] = load_after(rng, again[half:] + HOUR, window, late_share=0.3)
    again = np.minimum(again, window.end - 1)
    rows = np.concatenate([np.arange(size), repeats])
    loads = np.concatenate([loaded, again])
    order = np.argsort(loads + rng.normal(0, 20 * MINUTE, len(loads)), kind="stable")
    return rows[order], loads[order]


def deliver(
    rng: np.random.Generator, table: pa.Table, times: np.ndarray, window: Window
) -> pa.Table:
    """The table as delivered: `_loaded_at` appended, rows repeated and out of order."""
    rows, loads = shuffle_deliveries(rng, load_after(rng, times, window), window)
    return table.take(pa.array(rows)).append_column("_loaded_at", at(loads))


def make_leads(
    rng: np.random.Generator, people: People, companies: Companies, deals: Deals, window: Window
) -> pa.Table:
    """crm.leads: one row per version of a lead."""
    count = len(people.created)
    everyone = np.arange(count)
    with_person = deals.person >= 0
    buyer, opened = deals.person[with_person], deals.created[with_person]
    won = with_person & deals.is_won & (deals.closed < window.end)

    def some(share: float) -> np.ndarray:
        return np.flatnonzero(rng.random(count) < share)

    def later(rows: np.ndarray) -> np.ndarray:
        return between(rng, people.created[rows] + HOUR, window.end, len(rows))

    warm = np.flatnonzero((people.heat > 0) & (rng.random(count) < 0.7))
    # rows, time, lifecycle stage, other title, do_not_contact, is_deleted; flags stay once set
    versions = [(everyone, people.created, (rng.random(count) < 0.6).astype(int), 0, 0, 0)]
    versions.append(
        (warm, np.maximum(people.peak[warm] - 2 * DAY, people.created[warm] + HOUR), 2, 0, 0, 0)
    )
    versions.append((buyer, opened - MINUTE // 2, 3, 0, 0, 0))
    versions.append((buyer, opened + HOUR, 4, 0, 0, 0))
    versions.append((deals.person[won], deals.closed[won] + HOUR, 5, 0, 0, 0))
    for share, title, contact, deleted in ((0.05, 1, 0, 0), (0.015, 0, 1, 0), (0.01, 0, 0, 1)):
        rows = some(share)
        versions.append((rows, later(rows), 0, title, contact, deleted))
    gone = np.flatnonzero((people.unsubscribed < window.end) & (rng.random(count) < 0.5))
    versions.append((gone, people.unsubscribed[gone] + 6 * HOUR, 0, 0, 1, 0))
    columns = [
        np.concatenate([np.broadcast_to(version[k], len(version[0])) for version in versions])
        for k in range(6)
    ]
    order = np.lexsort((columns[1], columns[0]))
    order = order[columns[1][order] < window.end]
    person, updated = columns[0][order], columns[1][order]
    # The person's number in front makes one running maximum start anew for each person.
    stage, newer, contact, deleted = (
        np.maximum.accumulate(person * 10 + column[order]) - person * 10 for column in columns[2:]
    )

    company, kind = people.company[person], people.mail_kind[person]
    private = np.isin(kind, [MAIL_KINDS.index(k) for k in ("free", "disposable", "missing")])

    def lost(share: float | np.ndarray) -> np.ndarray:
        return (rng.random(count) < share)[person]

    nameless = lost(np.where(np.isin(people.mail_kind, [1, 3, 5]), 0.4, 0.08))
    domainless = lost(0.25) | nameless
    provider = np.where(private, rng.random(len(person)) < 0.75, rng.random(len(person)) < 0.35)
    changed = rng.permutation(len(words.TITLES))
    first_title = np.where(lost(0.07), changed[people.title[person]], people.title[person])
    title = np.where(newer == 1, people.title[person], first_title)
    places = list(zip(*words.PLACES, strict=True))
    place = people.place[person]
    providers = companies.name.tolist() + words.INTERNET_PROVIDERS
    organization = np.where(
        provider, len(companies.name) + person % len(words.INTERNET_PROVIDERS), company
    )
    stages = ["subscriber", "lead", "mql", "sql", "opportunity", "customer"]
    table = pa.table(
        {
            "lead_id": lead_ids(person),
            "email": pick(people.email, person),
            "first_name": pick(people.first_name, person),
            "last_name": pick(people.last_name, person),
            "phone": pick(make_phones(rng, people), person),
            "job_title": pick([row[0] for row in words.TITLES], title, lost(0.15)),
            "company_name": pick(companies.name, company, nameless),
            "company_domain": pick(companies.domain, company, domainless),
            "industry": pick(
                [row[0] for row in words.INDUSTRIES],
                companies.industry[company],
                lost(0.2) | nameless,
            ),
            "employee_count": nulled(companies.employees[company], lost(0.15) | nameless),
            "annual_revenue": nulled(companies.revenue[company], lost(0.4) | nameless),
            "country": pick(places[0], place, lost(0.05)),
            "region": pick(places[1], place, lost(0.2)),
            "city": pick(places[2], place, lost(0.15)),
            "ip_organization": pick(providers, organization, lost(0.35)),
            "lead_source": pick(
                [row[0] for row in words.LEAD_SOURCES], people.source[person], lost(0.02)
            ),
            "account_id": account_ids(
                company, lost(0.15) | nameless | ~companies.is_account[company]
            ),
            "owner_id": pick([f"U{n:02}" for n in range(1, 21)], person % 20, lost(0.3)),
            "lifecycle_stage": pick(stages, stage),
            "do_not_contact": pa.array(contact == 1),
            "is_deleted": pa.array(deleted == 1),
            "created_at": at(people.created[person]),
            "updated_at": at(updated),
        }
    )
    return deliver(rng, table, updated, window)


def make_phones(rng: np.random.Generator, people: People) -> np.ndarray:
    """Telephone numbers, a third of them missing, a few of them no numbers. Shape (people,)."""
    count = len(people.created)
    numbers = rng.integers(0, 10_000_000, count)
    shapes = rng.random(count)
    phones: list[str | None] = []
    for place, number, shape in zip(people.place, numbers, shapes, strict=True):
        code = words.PLACES[place][3]
        if shape < 0.35:
            phones.append(None)
        elif shape < 0.37:
            phones.append(["000000000", "123", "n/a", "1111111"][number % 4])
        elif shape < 0.6:
            phones.append(f"00{code}555{number:07}")
        else:
            phones.append(f"+{code} 555 {number // 10_000:03} {number % 10_000:04}")
    return np.array(phones, dtype=object)


def account_ids(companies: np.ndarray, missing: np.ndarray | None = None) -> pa.Array:
    """Ids of these companies' accounts. Shape (rows,)."""
    ids = pa.array(companies.astype(np.int64) + 100_000, mask=missing).cast(pa.string())
    return pc.binary_join_element_wise("A", ids, "")


def make_lead_attributes(
    rng: np.random.Generator, people: People, companies: Companies, window: Window
) -> pa.Table:
    """crm.lead_attributes: one row per version of a lead's custom field."""
    count = len(people.created)
    asked = rng.random(count) < np.where(people.heat > 0, 0.7, 0.25)
    size = np.sqrt(companies.employees[people.company])
    seniority = np.array([row[1] for row in words.TITLES])[people.title]
    budget = np.round(np.maximum(size * 900 * np.exp(rng.normal(0, 0.5, count)), 500), -2)
    team = np.maximum(size * rng.gamma(2, 0.4, count), 1).astype(int)
    authority = np.digitize(-seniority + rng.normal(0, 0.5, count), [-0.9, 0.2])
    need = np.digitize(-people.heat + rng.normal(0, 0.5, count), [-1.2, -0.4])
    timeline = np.digitize(-people.heat + rng.normal(0, 0.6, count), [-1.3, -0.5])
    draw = rng.integers(0, 1_000_000, count)
    fields = [
        ("budget", [f"{value:.0f}" for value in budget], 0.5),
        ("authority", np.array(["decision_maker", "influencer", "user"])[authority], 0.6),
        ("need", np.array(["high", "medium", "low"])[need], 0.7),
        ("timeline", np.array(["this_quarter", "this_year", "later"])[timeline], 0.6),
        ("current_vendor", np.array(words.CURRENT_VENDORS)[draw % 5], 0.5),
        ("team_size", [str(value) for value in team], 0.4),
        ("crm_system", np.array(words.CRM_SYSTEMS)[draw % 4], 0.5),
        ("preferred_language", np.array(["en", "de", "fr"])[draw % 3], 0.2),
    ]
    pieces, times = [], []
    known_at = np.maximum(people.created + HOUR, np.where(people.heat > 0, people.peak, 0))
    for attribute, values, filled in fields:
        rows = np.flatnonzero(asked & (rng.random(count) < filled))
        updated = known_at[rows] + between(rng, 0, 5 * DAY, len(rows))
        changed = np.flatnonzero(rng.random(len(rows)) < 0.08)  # an earlier, other answer
        other = rows[rng.permutation(len(rows))[: len(changed)]]
        who = np.concatenate([rows, rows[changed]])
        what = np.concatenate([rows, other])
        when = np.concatenate(
            [updated, np.maximum(updated[changed] - 20 * DAY, people.created[rows[changed]])]
        )
        kept = when < window.end
        pieces.append(
            pa.table(
                {
                    "lead_id": lead_ids(who[kept]),
                    "attribute": pick([attribute], np.zeros(kept.sum())),
                    "value": pick(values, what[kept]),
                    "updated_at": at(when[kept]),
                }
            )
        )
        times.append(when[kept])
    return deliver(rng, pa.concat_tables(pieces), np.concatenate(times), window)


def make_accounts(
    rng: np.random.Generator, companies: Companies, deals: Deals, window: Window
) -> pa.Table:
    """crm.accounts: one row per version of an account; winning a deal makes a new one."""
    known = np.flatnonzero(companies.is_account)
    first = between(rng, window.start - 900 * DAY, window.start, len(known))
    first = np.where(companies.customer_since[known] > 0, companies.customer_since[known], first)
    won = deals.is_won & (deals.closed < window.end) & (deals.closed >= window.start)
    won &= companies.is_account[deals.company]
    company = np.concatenate([known, deals.company[won]])
    updated = np.concatenate([first, deals.closed[won] + HOUR])
    customer = np.concatenate([companies.customer_since[known] > 0, np.ones(won.sum(), bool)])
    kept = updated < window.end
    company, updated, customer = company[kept], updated[kept], customer[kept]

    def lost(share: float) -> np.ndarray:
        return (rng.random(len(companies.name)) < share)[company]

    table = pa.table(
        {
            "account_id": account_ids(company),
            "account_name": pick(companies.name, company),
            "domain": pick(companies.domain, company, lost(0.1)),
            "industry": pick(
                [row[0] for row in words.INDUSTRIES], companies.industry[company], lost(0.1)
            ),
            "employee_count": nulled(companies.employees[company], lost(0.1)),
            "annual_revenue": nulled(companies.revenue[company], lost(0.2)),
            "country": pick([row[0] for row in words.PLACES], companies.place[company], lost(0.03)),
            "is_customer": pa.array(customer),
            "updated_at": at(updated),
        }
    )
    return deliver(rng, table, updated, window)


def deal_steps(deals: Deals) -> tuple[np.ndarray, np.ndarray]:
    """When each deal enters each of DEAL_STAGES and whether it does. Shape (deals, 6) twice."""
    share = np.array([0.0, 0.2, 0.5, 0.75, 1.0, 1.0])
    entered = deals.created[:, None] + ((deals.closed - deals.created)[:, None] * share).astype(
        np.int64
    )
    happens = np.arange(6) <= deals.reached[:, None]
    happens[:, 4] = deals.is_won
    happens[:, 5] = ~deals.is_won
    return entered, happens


def deal_ids(rows: np.ndarray) -> pa.Array:
    """Ids of these deals. Shape (rows,)."""
    ids = pa.array(rows + 1_000_000).cast(pa.string())
    return pc.binary_join_element_wise("O", ids, "")


def make_opportunities(
    rng: np.random.Generator, deals: Deals, companies: Companies, window: Window
) -> pa.Table:
    """crm.opportunities: a version when opened and a version as it stands at the end."""
    entered, happens = deal_steps(deals)
    past = happens & (entered < window.end)
    last = 5 - np.argmax(past[:, ::-1], axis=1)
    moved = np.flatnonzero(last > 0)
    everyone = np.arange(len(deals.created))
    rows = np.concatenate([everyone, moved])
    stage = np.concatenate([np.zeros(len(everyone), int), last[moved]])
    updated = entered[rows, stage]
    is_open = stage < 4
    table = pa.table(
        {
            "opportunity_id": deal_ids(rows),
            "lead_id": lead_ids(deals.person[rows], deals.person[rows] < 0),
            "account_id": account_ids(
                deals.company[rows], ~companies.is_account[deals.company[rows]]
            ),
            "product": pick(words.PRODUCTS, deals.product[rows]),
            "stage": pick(words.DEAL_STAGES, stage),
            "amount": nulled(deals.amount[rows], (rng.random(len(everyone)) < 0.1)[rows] & is_open),
            "is_won": nulled(stage == 4, is_open),
            "created_at": at(deals.created[rows]),
            "closed_at": at(deals.closed[rows], is_open),
            "updated_at": at(updated),
        }
    )
    return deliver(rng, table, updated, window)


def make_opportunity_stages(rng: np.random.Generator, deals: Deals, window: Window) -> pa.Table:
    """crm.opportunity_stages: one row per stage an opportunity entered."""
    entered, happens = deal_steps(deals)
    rows, stages = np.nonzero(happens & (entered < window.end))
    times = entered[rows, stages]
    table = pa.table(
        {
            "opportunity_id": deal_ids(rows),
            "stage": pick(words.DEAL_STAGES, stages),
            "entered_at": at(times),
        }
    )
    return deliver(rng, table, times, window)


def make_activities(rng: np.random.Generator, people: People, window: Window) -> pa.Table:
    """crm.activities: calls, meetings, webinars and the like, about two a lead."""
    count = len(people.created)
    cold = np.repeat(np.arange(count), rng.poisson(0.8, count))
    warm = np.repeat(np.arange(count), rng.poisson(4.0 * np.minimum(people.heat, 4)))
    kinds = np.concatenate(
        [
            choose(rng, [row[2] for row in words.CRM_ACTIVITIES], len(cold)),
            choose(rng, [row[3] for row in words.CRM_ACTIVITIES], len(warm)),
        ]
    )
    times = np.concatenate(
        [
            between(rng, np.maximum(people.created[cold], window.start), window.end, len(cold)),
            people.peak[warm] + (burst_day(rng.random(len(warm))) * DAY).astype(np.int64),
        ]
    )
    person = np.concatenate([cold, warm])
    times = to_working_hours(rng, times, earliest=window.start)
    kept = (times > people.created[person]) & (times >= window.start) & (times < window.end)
    person, kinds, times = person[kept], kinds[kept], times[kept]
    product = rng.integers(0, len(words.PRODUCTS), len(person))
    table = pa.table(
        {
            "activity_id": make_ids("c", np.arange(len(person))),
            "lead_id": lead_ids(person),
            "activity_type": pick([row[0] for row in words.CRM_ACTIVITIES], kinds),
            "subject": pick(
                [row[1] for row in words.CRM_ACTIVITIES], kinds, rng.random(len(person)) < 0.2
            ),
            "product": pick(words.PRODUCTS, product, rng.random(len(person)) < 0.5),
            "occurred_at": at(times),
        }
    )
    return deliver(rng, table, times, window)


def make_lead_feedback(rng: np.random.Generator, people: People, window: Window) -> pa.Table:
    """crm.lead_feedback: what sellers said about the leads they were handed."""
    count = len(people.created)
    handed = np.flatnonzero(rng.random(count) < np.where(people.heat > 0, 0.6, 0.08))
    times = np.maximum(people.peak[handed], people.created[handed]) + between(
        rng, HOUR, 6 * DAY, len(handed)
    )
    times = to_working_hours(rng, times)
    kept = (times > people.created[handed]) & (times < window.end)
    handed, times = handed[kept], times[kept]
    size = len(handed)
    accepted = rng.random(size) < sigmoid(
        -0.6 + 1.3 * people.fit[handed] + 0.9 * np.minimum(people.heat[handed], 2)
    )
    reasons = words.ACCEPT_REASONS + words.REJECT_REASONS
    reason = np.where(
        accepted,
        rng.integers(0, len(words.ACCEPT_REASONS), size),
        len(words.ACCEPT_REASONS) + rng.integers(0, len(words.REJECT_REASONS), size),
    )
    table = pa.table(
        {
            "lead_id": lead_ids(handed),
            "verdict": pick(["rejected", "accepted"], accepted),
            "reason": pick(reasons, reason),
            "decided_at": at(times),
        }
    )
    return deliver(rng, table, times, window)


def plan_campaigns(
    rng: np.random.Generator, leads: int, email_events: int, window: Window
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """When campaigns go out, their topic and their product. Shape (campaigns,) each.

    There are at least two a week, and as many as keep each one's reach to a part of the leads.
    """
    days = (window.end - window.start) // DAY
    sends = email_events / EVENTS_PER_SEND
    count = max(2 * days // 7, int(sends / (CAMPAIGN_REACH * leads)), 3)
    times = np.sort(
        window.start
        + (np.arange(count) + rng.random(count)) * ((window.end - window.start) / count)
    ).astype(np.int64)
    return times, rng.integers(0, len(words.CAMPAIGN_TOPICS), count), rng.integers(0, 2, count)


def campaign_ids(rows: np.ndarray, missing: np.ndarray | None = None) -> pa.Array:
    """Ids of these campaigns. Shape (rows,)."""
    ids = pa.array(rows.astype(np.int64) + 10_000, mask=missing).cast(pa.string())
    return pc.binary_join_element_wise("M", ids, "")


def make_campaigns(
    rng: np.random.Generator, plan: tuple[np.ndarray, np.ndarray, np.ndarray], window: Window
) -> pa.Table:
    """email.campaigns: one row per campaign, but for the second, which the export forgot."""
    times, topics, products = (np.delete(part, 1) for part in plan)
    rows = np.delete(np.arange(len(plan[0])), 1)
    no_product = topics != words.CAMPAIGN_TOPICS.index("product")
    names = [
        f"{np.datetime64(int(time), 'us').astype('datetime64[D]')} "
        + ("Industry brief", "News from Tidewater", f"Inside {words.PRODUCTS[product]}")[topic]
        for time, topic, product in zip(times, topics, products, strict=True)
    ]
    table = pa.table(
        {
            "campaign_id": campaign_ids(rows),
            "campaign_name": pa.array(names),
            "topic": pick(words.CAMPAIGN_TOPICS, topics, rng.random(len(rows)) < 0.02),
            "product": pick(words.PRODUCTS, products, no_product),
        }
    )
    return deliver(rng, table, times - HOUR, window)


def stream_email_events(
    seed: int,
    people: People,
    window: Window,
    plan: tuple[np.ndarray, np.ndarray, np.ndarray],
    rows: int,
) -> Iterator[pa.Table]:
    """email.events in pieces of consecutive campaigns, about `rows` rows in all."""
    clean = [email and email.strip().lower() for email in people.email]
    messy = add_address_mess(stream(seed, "email.addresses"), np.array(clean, dtype=object))
    addresses = pa.array([*clean, *messy])
    reachable = np.array([email is not None for email in clean])
    pieces = min(-(-rows // PIECE_ROWS), len(plan[0]))
    edges = np.linspace(0, len(plan[0]), pieces + 1).astype(int)
    asked, made = 0, 0
    for piece, (low, high) in enumerate(pairwise(edges)):
        rng = stream(seed, "email.events", piece)
        target = round(rows * (piece + 1) / pieces) - asked
        asked += target
        columns = list_email_events(
            rng, people, reachable, window, plan, (low, high), round(target / (1 + REPEAT_SHARE))
        )
        person, campaign, kind, link, agent, times = columns
        order, loads = shuffle_deliveries(rng, load_after(rng, times, window), window)
        numbers = made + np.arange(len(person))
        made += len(person)
        person, campaign, kind, link, agent, times, numbers = (
            column[order] for column in (*columns, numbers)
        )
        unlike = rng.random(len(order)) < 0.03
        yield pa.table(
            {
                "event_id": make_ids("e", numbers),
                "email": pick(addresses, person + len(clean) * unlike),
                "campaign_id": campaign_ids(campaign, numbers % 250 == 9),
                "event_type": pick(EMAIL_TYPES, kind),
                "url": pick([words.SITE + path for path in EMAIL_LINKS], link, link < 0),
                "user_agent": pick(EMAIL_AGENTS, agent, agent < 0),
                "occurred_at": at(times),
                "_loaded_at": at(loads),
            }
        )


EMAIL_TYPES = ["sent", "delivered", "open", "click", "reply", "bounce", "unsubscribe", "complaint"]
SENT, DELIVERED, OPEN, CLICK, REPLY, BOUNCE, UNSUBSCRIBE, COMPLAINT = range(8)
EMAIL_LINKS = [
    f"{path}?utm_source=newsletter&utm_medium=email" for path in words.CAMPAIGN_LINKS
] + ["/unsubscribe"]
EMAIL_AGENTS = [*words.BROWSERS, words.APPLE_PROXY, words.GOOGLE_PROXY, words.YAHOO_PROXY]


def list_email_events(
    rng: np.random.Generator,
    people: People,
    reachable: np.ndarray,
    window: Window,
    plan: tuple[np.ndarray, np.ndarray, np.ndarray],
    campaigns: tuple[int, int],
    rows: int,
) -> list[np.ndarray]:
    """Person, campaign, type, link, agent and time of the events of some campaigns.

    The mails are as many as give about `rows` events. Shape (events,) each, -1 where missing.
    """
    wanted = int(rows / EVENTS_PER_SEND * 1.3) + 20
    # Who unsubscribes does so on the last campaign before, which has to reach them first.
    last_campaign = np.searchsorted(plan[0], people.unsubscribed) - 1
    leaving = np.flatnonzero(
        (people.unsubscribed < window.end)
        & (last_campaign >= campaigns[0])
        & (last_campaign < campaigns[1])
    )
    person = np.concatenate([leaving, rng.integers(0, len(people.created), wanted * 4)])
    campaign = np.concatenate([last_campaign[leaving], rng.integers(*campaigns, wanted * 4)])
    sent_at = plan[0][campaign] + between(rng, 0, 2 * HOUR, len(person))
    fit_to_send = (
        reachable[person]
        & (people.created[person] < sent_at)
        & (sent_at < np.minimum(people.unsubscribed[person] + DAY // 2, window.end))
    )
    _, once = np.unique(person * len(plan[0]) + campaign, return_index=True)
    once = np.sort(once)  # in the order drawn, so that no lead is preferred
    mails = once[fit_to_send[once]][:wanted]
    person, campaign, sent = person[mails], campaign[mails], sent_at[mails]
    size = len(mails)

    def happens(chance: float | np.ndarray) -> np.ndarray:
        return rng.random(size) < chance

    def after(moment: np.ndarray, mean: int) -> np.ndarray:
        return moment + rng.exponential(mean, size).astype(np.int64) + SECOND

    kind = people.mail_kind[person]
    bounces = happens(
        np.where(
            kind == MAIL_KINDS.index("invalid"),
            0.97,
            np.where(kind == MAIL_KINDS.index("disposable"), 0.4, 0.006),
        )
    )
    delivered = after(sent, 20 * SECOND)
    heat = np.minimum(heat_at(people, person, sent), 3)
    # Which mail program somebody uses stays the same: it follows from the person's number.
    program = person * 2654435761 % 100
    browser = person % len(words.BROWSERS)
    scanned = (program >= 90) & (kind == MAIL_KINDS.index("corporate"))
    opens = ~bounces & happens(sigmoid(-1.3 + 0.2 * people.fit[person] + 1.2 * heat))
    opened = after(delivered, 8 * HOUR)
    through_google = (program >= 25) & (program < 45)
    through_yahoo = (program >= 45) & (program < 50)
    open_agent = np.where(
        through_google,
        len(words.BROWSERS) + 1,
        np.where(through_yahoo, len(words.BROWSERS) + 2, browser),
    )
    clicks = opens & happens(sigmoid(-1.8 + 1.0 * heat))
    clicked = after(opened, MINUTE)
    links = len(words.CAMPAIGN_LINKS)
    product = plan[1][campaign] == words.CAMPAIGN_TOPICS.index("product")
    link = np.where(product & happens(0.6), 2 + plan[2][campaign], rng.integers(0, links, size))
    replies = ~bounces & happens(sigmoid(-5.0 + 1.7 * heat + 0.4 * people.fit[person]))
    leaves = (
        ~bounces & (campaign == last_campaign[person]) & (people.unsubscribed[person] < window.end)
    )
    none = np.full(size, -1)

    events = [  # which mails, type, link, agent, time
        (np.ones(size, bool), SENT, none, none, sent),
        (bounces, BOUNCE, none, none, after(sent, MINUTE)),
        (~bounces, DELIVERED, none, none, delivered),
        (
            ~bounces & (program < 25) & happens(0.9),
            OPEN,
            none,
            np.full(size, len(words.BROWSERS)),
            after(delivered, 10 * MINUTE),
        ),
        (opens & (program >= 25), OPEN, none, open_agent, opened),
        (opens & happens(0.2), OPEN, none, open_agent, after(opened, DAY)),
        (clicks, CLICK, link, browser, clicked),
        (clicks & happens(0.3), CLICK, (link + 1) % links, browser, after(clicked, 3 * MINUTE)),
        (replies, REPLY, none, none, after(delivered, 12 * HOUR)),
        (
            leaves,
            UNSUBSCRIBE,
            np.full(size, links),
            browser,
            np.maximum(people.unsubscribed[person], after(delivered, HOUR)),
        ),
        (~bounces & happens(0.003), COMPLAINT, none, none, after(delivered, DAY)),
    ]
    # A scanner follows every link at once, sometimes in the second of delivery.
    start = delivered + between(rng, 0, 30 * SECOND, size) * happens(0.7)
    for step in range(4):
        events.append(
            (scanned & ~bounces, CLICK, (link + step) % links, browser, start + step * 350_000)
        )

    mail = np.concatenate([np.flatnonzero(event[0]) for event in events])
    times = np.concatenate([event[4][event[0]] for event in events])
    columns = [
        person[mail],
        campaign[mail],
        np.concatenate([np.full(event[0].sum(), event[1]) for event in events]),
        np.concatenate([event[2][event[0]] for event in events]),
        np.concatenate([event[3][event[0]] for event in events]),
        times,
    ]
    # Whole mails only, as many as fit.
    past = times < window.end
    fitting = np.cumsum(np.bincount(mail[past], minlength=size)) <= rows
    kept = past & fitting[mail]
    return [column[kept] for column in columns]


def expected_visits(people: People, window: Window, low: int, high: int) -> np.ndarray:
    """How many visits are expected from low to high, trickling ones and those of bursts.

    Shape (2 × people,): first everybody's trickle, then everybody's burst.
    """
    present = np.clip(high - np.maximum(people.web_since, low), 0, None) / (365 * DAY)
    burst = burst_share_before((high - people.peak) / DAY) - burst_share_before(
        (low - people.peak) / DAY
    )
    return np.concatenate(
        [
            people.trickle * present * people.visits_web,
            people.heat * BURST_VISITS * burst * people.visits_web,
        ]
    )


def stream_web_events(
    seed: int, people: People, deals: Deals, window: Window, rows: int
) -> Iterator[pa.Table]:
    """web.events in pieces of consecutive time, `rows` rows in all."""
    count = len(people.created)
    known = [email and email.strip() for email in people.email]
    strangers = [f"reader{number}@gmail.com" for number in range(500)]
    messy = add_address_mess(stream(seed, "web.addresses"), np.array(known, dtype=object))
    addresses = pa.array([*known, *messy, *strangers])
    pieces = -(-rows // PIECE_ROWS)
    edges = np.linspace(window.start, window.end, pieces + 1).astype(np.int64)
    weights = np.array(
        [expected_visits(people, window, low, high).sum() + 1e-9 for low, high in pairwise(edges)]
    )
    asked = np.round(rows * np.cumsum(weights) / max(weights.sum(), 1e-9)).astype(int)
    made = 0
    for piece in range(pieces):
        rng = stream(seed, "web.events", piece)
        target = int(asked[piece] - (asked[piece - 1] if piece else 0))
        repeats = round(target - target / (1 + REPEAT_SHARE))
        visits = list_visits(
            rng, people, deals, window, edges[piece], edges[piece + 1], target - repeats
        )
        visit, place_in_visit, action, times = walk_pages(rng, visits, people, window)
        person, visitor, crowd = (visits[name][visit] for name in ("person", "visitor", "crowd"))
        identifies = IDENTIFYING[action]
        unknown = (person >= 0) & (times < people.created[person])
        named = identifies & ~unknown & (rng.random(len(visit)) < 0.97)
        address = np.where(
            person >= 0,
            person + count * (rng.random(len(visit)) < 0.05),
            2 * count + visitor % len(strangers),
        )
        kind = np.where(identifies & unknown, 0, ACTION_TYPE[action])
        referrer = np.where(
            place_in_visit > 0,
            len(words.REFERRERS) - 1,
            (visitor * 7 + visits["length"][visit]) % (len(words.REFERRERS) - 1),
        )
        browser = visitor % len(words.BROWSERS)
        agent = np.where(
            crowd == words.CRAWLER, len(words.BROWSERS) + visitor % len(words.CRAWLERS), browser
        )
        numbers = made + np.arange(len(visit))
        made += len(visit)
        order, loads = shuffle_deliveries(rng, load_after(rng, times, window), window)
        yield pa.table(
            {
                "event_id": make_ids("w", numbers[order]),
                "visitor_id": make_ids("v", visitor[order]),
                "email": pick(addresses, address[order], ~named[order]),
                "event_type": pick(WEB_TYPES, kind[order]),
                "url": pick(WEB_URLS, action[order]),
                "search_term": pick([row[2] for row in words.PAGE_ACTIONS], action[order]),
                "referrer": pick(words.REFERRERS, referrer[order]),
                "user_agent": pick(
                    [*words.BROWSERS, *words.CRAWLERS], agent[order], rng.random(len(order)) < 0.01
                ),
                "occurred_at": at(times[order]),
                "_loaded_at": at(loads),
            }
        )


WEB_TYPES = sorted({row[0] for row in words.PAGE_ACTIONS}, key=lambda kind: kind != "page_view")
WEB_TYPES[1:] = sorted(WEB_TYPES[1:])  # page_view first, the others in a fixed order
WEB_URLS = [words.SITE + row[1] for row in words.PAGE_ACTIONS]
ACTION_TYPE = np.array([WEB_TYPES.index(row[0]) for row in words.PAGE_ACTIONS])
IDENTIFYING = np.array([row[0] in words.IDENTIFYING_TYPES for row in words.PAGE_ACTIONS])
FIRST_FORM = int(np.argmax(IDENTIFYING))
DEMO_REQUEST = len(words.PAGE_ACTIONS) - 1
# One rising line for all crowds: a crowd's own steps lie between its number and the next.
ACTION_STEPS = np.cumsum([row[3] for row in words.PAGE_ACTIONS], axis=0)
ACTION_STEPS = (ACTION_STEPS / ACTION_STEPS[-1] + np.arange(5)).T.ravel()


def cut_to(lengths: np.ndarray, rows: int) -> np.ndarray:
    """The first lengths that add up to `rows` at most, the last one shortened to fit.

    >>> cut_to(np.array([3, 3, 3]), 5).tolist()
    [3, 2]
    """
    ends = np.cumsum(lengths)
    kept = lengths[: np.searchsorted(ends, rows) + 1].copy()
    if len(kept) and ends[len(kept) - 1] > rows:
        kept[-1] -= ends[len(kept) - 1] - rows
    return kept[kept > 0]


def list_visits(
    rng: np.random.Generator,
    people: People,
    deals: Deals,
    window: Window,
    low: int,
    high: int,
    rows: int,
) -> dict[str, np.ndarray]:
    """The visits that begin from low to high, together `rows` pages long. Shape (visits,) each.

    `ends_at` is the time of the last page where the visit leads to a form, else 0, and
    `last_action` that form, else -1.
    """

    def first_visits(times: np.ndarray, person: np.ndarray, action: np.ndarray) -> tuple:
        kept = (times >= low) & (times < high) & people.visits_web[person]
        return person[kept], times[kept], action[kept]

    web_born = np.isin([row[0] for row in words.LEAD_SOURCES], words.WEB_SOURCES)[people.source]
    born = np.flatnonzero(web_born)
    forms = FIRST_FORM + rng.integers(0, DEMO_REQUEST - FIRST_FORM, len(born))
    asking = np.flatnonzero(deals.demo_asked)
    # Rounding up: the form is sent the moment after which the CRM knows the lead.
    born_visits = first_visits(people.created[born] + 2 * SECOND, born, forms)
    demo_visits = first_visits(
        deals.demo_asked[asking], deals.person[asking], np.full(len(asking), DEMO_REQUEST)
    )
    person, ends_at, last = (
        np.concatenate(pair) for pair in zip(born_visits, demo_visits, strict=True)
    )
    crowds = [
        (
            person,
            np.full(len(person), words.HOT),
            1 + rng.geometric(LEAVE_CHANCES[1], len(person)),
            ends_at,
            ends_at,
            last,
        )
    ]

    crawler_rows = int(rows * CRAWLER_SHARE)
    anonymous_rows = int((rows - crawler_rows) * ANONYMOUS_SHARE)
    lead_rows = rows - crawler_rows - anonymous_rows
    formed = cut_to(crowds[0][2], lead_rows)
    shuffled = rng.permutation(len(person))[: len(formed)]
    crowds = [tuple(np.asarray(column)[shuffled] for column in crowds[0])]
    crowds[0] = (*crowds[0][:2], formed, *crowds[0][3:])
    lead_rows -= int(formed.sum())

    weights = np.cumsum(expected_visits(people, window, low, high))
    if weights[-1] > 0:
        count = len(people.created)
        lengths = cut_to(rng.geometric(LEAVE_CHANCES[1], lead_rows), lead_rows)
        drawn = np.searchsorted(weights, rng.random(len(lengths)) * weights[-1], side="right")
        in_burst, person = drawn >= count, drawn % count
        since = (low - people.peak[person]) / DAY
        until = (high - people.peak[person]) / DAY
        share = between_shares(rng, burst_share_before(since), burst_share_before(until))
        starts = np.where(
            in_burst,
            people.peak[person] + (burst_day(share) * DAY).astype(np.int64),
            between(rng, np.maximum(people.web_since[person], low), high, len(person)),
        )
        career = np.array([row[1] for row in words.TITLES])[people.title[person]] < -1.2
        crowd = np.where(career, words.CAREER, np.where(in_burst, words.HOT, words.TRICKLE))
        crowds.append(
            (person, crowd, lengths, starts, np.zeros_like(starts), np.full(len(person), -1))
        )
    else:
        anonymous_rows += lead_rows
    for crowd, budget, stop in (
        (words.ANONYMOUS, anonymous_rows, LEAVE_CHANCES[0]),
        (words.CRAWLER, crawler_rows, 0.12),
    ):
        lengths = cut_to(rng.geometric(stop, budget), budget)
        nobody = np.full(len(lengths), -1)
        crowds.append(
            (
                nobody,
                np.full(len(lengths), crowd),
                lengths,
                between(rng, low, high, len(lengths)),
                np.zeros_like(nobody),
                nobody,
            )
        )

    person, crowd, lengths, starts, ends_at, last = (
        np.concatenate(column) for column in zip(*crowds, strict=True)
    )
    total = len(people.created)
    draw = rng.random(len(person))
    # A lead has up to two visitors (a computer and a telephone); the anonymous come after
    # them, then the crawlers.
    pool = ANONYMOUS_VISITORS_PER_LEAD * total
    strangers = 2 * total + (draw * pool).astype(np.int64) + pool * (crowd == words.CRAWLER)
    visitor = np.where(person >= 0, 2 * person + (draw < 0.2), strangers)
    starts = np.where(
        crowd == words.CRAWLER, starts, to_working_hours(rng, starts, earliest=window.start)
    )
    return {
        "person": person,
        "crowd": crowd,
        "length": lengths,
        "visitor": visitor,
        "starts": starts,
        "ends_at": ends_at,
        "last_action": last,
    }


def between_shares(rng: np.random.Generator, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Shares drawn evenly from low to high. Shape as given."""
    return low + rng.random(len(low)) * (high - low)


def walk_pages(
    rng: np.random.Generator, visits: dict[str, np.ndarray], people: People, window: Window
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Visit, place in the visit, action and time of every page. Shape (pages,) each."""
    lengths = visits["length"]
    visit = np.repeat(np.arange(len(lengths)), lengths)
    first = np.cumsum(lengths) - lengths
    place = np.arange(len(visit)) - first[visit]
    elapsed = np.cumsum(rng.exponential(50 * SECOND, len(visit))).astype(np.int64)
    elapsed -= elapsed[first][visit]
    last = place == lengths[visit] - 1
    duration = elapsed[last]  # one last page a visit, in order
    ends_at = visits["ends_at"]
    starts = np.where(ends_at > 0, ends_at - duration, visits["starts"])
    times = np.clip(starts[visit] + elapsed, window.start, window.end - 1)

    action = np.searchsorted(
        ACTION_STEPS, visits["crowd"][visit] + rng.random(len(visit)), side="right"
    ) % len(words.PAGE_ACTIONS)
    forced = last & (visits["last_action"] >= 0)[visit]
    action[forced] = visits["last_action"][visit][forced]
    return visit, place, action, times
