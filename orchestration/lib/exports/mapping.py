"""What belongs here: which column of an export is which column of the contract. It is proposed from
the titles that HubSpot and Salesforce write (titles.csv), and stands in a file beside the export
that people can change."""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from orchestration.lib.basics.outcomes import WrongUse
from orchestration.lib.basics.quoting import quote
from orchestration.lib.basics.settings import PROJECT_ROOT

FOLDER = Path(__file__).resolve().parent

# What each table is called by those who export it.
OBJECTS = {"crm.leads": "people", "crm.accounts": "companies", "crm.opportunities": "deals"}

# A title of these belongs to one object alone, whatever else stands in the file.
TELLING = {
    "crm.leads": ("record id - contact", "last name", "lastname", "contact id", "lead id", "email"),
    "crm.accounts": ("record id - company", "company domain name", "company owner"),
    "crm.opportunities": (
        "record id - deal",
        "deal stage",
        "dealstage",
        "opportunity id",
        "stagename",
    )
    + ("deal name", "opportunity name"),
}

FORMATTED = (
    "{file} is a formatted spreadsheet, or has lines above its titles. Export it again as plain "
    "CSV: in HubSpot as the file format CSV, in Salesforce as `Details Only`, format .csv."
)


@dataclass
class Mapping:
    """How an export is read: the contract's `table`, which title each of its `columns` has, which
    titles are custom `attributes` (by the name they get), the `timezone` and `date_format` of
    times (None: ISO), the `decimal` sign of numbers, and how cells are separated."""

    table: str
    columns: dict[str, str]
    attributes: dict[str, str] = field(default_factory=dict)
    timezone: str = "UTC"
    date_format: str | None = None
    decimal: str = "."


@lru_cache
def read_titles() -> dict[str, dict[str, list[str]]]:
    """The titles that a column of the contract may have, in lower case, by table and column."""
    titles: dict[str, dict[str, list[str]]] = {}
    with (FOLDER / "titles.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            columns = titles.setdefault(row["table"], {})
            columns.setdefault(row["column"], []).append(row["title"].lower())
    return titles


@lru_cache
def read_contract() -> dict[str, dict[str, str]]:
    """The columns of the contract's CRM tables and their types, by table."""
    path = PROJECT_ROOT / "models" / "staging" / "crm" / "_crm__sources.yml"
    (source,) = yaml.safe_load(path.read_text())["sources"]
    return {
        f"crm.{table['name']}": {column["name"]: column["data_type"] for column in table["columns"]}
        for table in source["tables"]
    }


def find_table(titles: Sequence[str], *, file: Path) -> str:
    """Which table of the contract an export with these titles is. Raises WrongUse where it looks
    like none, or like a spreadsheet."""
    written = [title.strip().lower() for title in titles]
    telling = {table: sum(title in written for title in told) for table, told in TELLING.items()}
    best = max(telling, key=lambda table: (telling[table], count_known(table, written)))
    if not telling[best] or count_known(best, written) < 2:
        if len([title for title in written if title]) < 2:
            raise WrongUse(FORMATTED.format(file=file))
        raise WrongUse(
            f"{file} has no titles by which people, companies or deals are known: it has "
            f"{', '.join(titles[:8])}. Write a mapping beside it, {name_mapping(file).name}, that "
            "says which title is which column: docs/how-to/score-an-export.md has one."
        )
    return best


def count_known(table: str, written: Sequence[str]) -> int:
    """How many columns of a table have one of these titles."""
    return sum(
        any(title in written for title in titles) for titles in read_titles()[table].values()
    )


def propose(titles: Sequence[str], *, file: Path) -> tuple[Mapping, list[str]]:
    """The mapping of an export with these titles, and what a person should know of it: titles that
    come twice are not mapped by their names."""
    table = find_table(titles, file=file)
    counts = Counter(title.strip().lower() for title in titles)
    by_name = {title.strip().lower(): title for title in titles}
    columns, told = {}, []
    for column, known in read_titles()[table].items():
        found = [title for title in known if title in counts]
        single = [title for title in found if counts[title] == 1]
        if single:
            columns[column] = by_name[single[0]]
        elif found:
            told.append(
                f"{column}: the title '{by_name[found[0]]}' comes {counts[found[0]]} times, and is "
                "mapped to nothing. Give one of them another name and map it."
            )
    taken = set(columns.values())
    attributes = {}
    if table == "crm.leads":
        attributes = {
            name_attribute(title): title
            for title in titles
            if title.strip() and title not in taken and counts[title.strip().lower()] == 1
        }
    return Mapping(table, columns, attributes), told


def name_attribute(title: str) -> str:
    """The name of the custom attribute that a column becomes.

    >>> name_attribute("Number of Form Submissions (all)")
    'number_of_form_submissions_all'
    """
    return re.sub(r"\W+", "_", title.strip().lower()).strip("_")


def name_mapping(file: Path) -> Path:
    """Where the mapping of an export is.

    >>> name_mapping(Path("exports/people.csv")).as_posix()
    'exports/people.mapping.yml'
    """
    return file.with_suffix(".mapping.yml")


def write_mapping(path: Path, mapping: Mapping) -> None:
    """Write a mapping for people to look at. YAML quotes a text as SQL does."""
    others = [column for column in read_contract()[mapping.table] if column not in mapping.columns]
    lines = [
        "# How the export beside this file is read. Change it and run `leads map` again.",
        f"table: {mapping.table}",
        "",
        "# Column of the contract: title in the file.",
        "columns:",
        *(f"  {column}: {quote(title)}" for column, title in mapping.columns.items()),
        f"# Not in the file, as far as is known: {', '.join(others)}",
        "",
        "# Custom attributes: name, and title in the file. Take out what no rule is to name.",
        "attributes:" if mapping.attributes else "attributes: {}",
        *(f"  {name}: {quote(title)}" for name, title in mapping.attributes.items()),
        "",
        "# The zone of times without one, as Europe/Berlin: that of whoever exported the file.",
        f"timezone: {mapping.timezone}",
        "# How days and times are written, as %d.%m.%Y or %m/%d/%Y; blank for 2026-06-30.",
        f"date_format: {quote(mapping.date_format) if mapping.date_format else ''}",
        "# The sign before decimals.",
        f"decimal: {quote(mapping.decimal)}",
    ]
    path.write_text("\n".join(lines) + "\n")


def read_mapping(path: Path, titles: Sequence[str]) -> Mapping:
    """The mapping in a file, for an export with these `titles`. Raises WrongUse where it names a
    table, column or title that is not there."""
    try:
        told: Any = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        raise WrongUse(f"{path} is no YAML that can be read: {error}") from None
    if not isinstance(told, dict) or told.get("table") not in OBJECTS:
        raise WrongUse(f"{path} names no table: write `table:` and one of {', '.join(OBJECTS)}.")
    columns, attributes = told.get("columns") or {}, told.get("attributes") or {}
    known = read_contract()[told["table"]]
    for column, title in [*columns.items(), *attributes.items()]:
        if column in columns and column not in known:
            raise WrongUse(
                f"{path} maps {column}, which {told['table']} has not: it has {', '.join(known)}."
            )
        if list(titles).count(title) != 1:
            times = list(titles).count(title)
            raise WrongUse(
                f"{path} maps {column} to the title '{title}', which is in the file "
                f"{'not at all' if not times else f'{times} times'}. It has: {', '.join(titles)}."
            )
    return Mapping(
        told["table"],
        columns,
        attributes,
        str(told.get("timezone") or "UTC"),
        told.get("date_format") or None,
        str(told.get("decimal") or "."),
    )
