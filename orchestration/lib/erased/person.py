"""What belongs here: who a person is to the warehouse: the ids, addresses and visitors that are
theirs alone, the numbers and keys that stand for these in tables, and the texts that must be found
nowhere once they are erased.

Leads with one address are one person, as they are for the scores. An address or visitor that
another person has too is not erased: what is theirs stays.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from orchestration.lib.basics.outcomes import WrongUse
from orchestration.lib.basics.warehouse import make_keys
from orchestration.lib.erased.lists import list_numbers, list_texts, read_column
from orchestration.lib.erased.vendor_records import (
    add_addresses,
    add_records,
    find_current,
    find_parts,
)

# A shorter text is in many others by chance: as an id it is looked for in columns alone.
SHORTEST_TEXT = 6


@dataclass
class Person:
    """What a person is known by. `lead_ids`, `addresses` (lower case) and `visitor_ids` name them
    in raw tables; `row_keys` are the ids of their events; `values` says, by the name of a column,
    what stands for them in a table that has it; `texts` must be found nowhere afterwards, and
    `shared` are those that others have too, which therefore stay."""

    lead_ids: list[str]
    addresses: list[str]
    visitor_ids: list[str]
    row_keys: dict[str, list[str]] = field(default_factory=dict)
    values: dict[str, list[str | int]] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    shared: list[str] = field(default_factory=list)


def find_person(
    connection: duckdb.DuckDBPyConnection, warehouse: Path, *, lead_id: str = "", email: str = ""
) -> Person:
    """The person with this id or address, by the warehouse on `connection`. Raises WrongUse where
    it knows nobody by it."""
    address = email.strip().lower()
    addresses = find_current(connection, address)
    asked = (
        f"lower(email) in ({list_texts(addresses)})"
        if address
        else f"lead_id in ({list_texts(add_records(connection, [lead_id]))})"
    )
    versions = "staging.base_crm__leads"
    ids = read_column(
        connection,
        f"""
        select lead_id from intermediate.int_people
        where person_lead_id in (select person_lead_id from intermediate.int_people where {asked})
        union
        select lead_id from {versions}
        where {asked} and lead_id not in (
            select lead_id from intermediate.int_people
            where {f"lower(email) not in ({list_texts(addresses)})" if address else "false"}
        )
        """,
    )
    if lead_id and not ids:
        # Whom the CRM has not any more may still be in what was decided.
        ids = read_column(
            connection,
            f"select lead_id from main.lead_score_history where {asked}"
            f" union select lead_id from main.hand_overs where {asked}",
        )
    ids = add_records(connection, ids)
    mine = list_texts(ids)
    addresses = add_addresses(
        connection,
        ids,
        read_column(
            connection,
            f"select lower(email) from {versions} where lead_id in ({mine}) and email is not null",
        ),
    )
    others = f"select lower(email) from intermediate.int_people where lead_id not in ({mine})"
    also = read_column(connection, f"{others} and lower(email) in ({list_texts(addresses)})")
    addresses = [known for known in addresses if known not in also]
    if address:
        addresses = sorted({*addresses, address})
    email_keys = make_keys(connection, addresses)
    lead_keys = make_keys(connection, ids)
    named = f"""
        select visitor_key, min(visitor_id) as visitor_id
        from intermediate.int_visitor_identifications
        group by visitor_key
        having bool_and(email_key in ({list_numbers(email_keys)}))
    """
    visitor_ids = read_column(connection, f"select visitor_id from ({named})")
    visitor_keys = read_column(connection, f"select visitor_key from ({named})")
    person = Person(ids, addresses, visitor_ids)
    person.row_keys = find_events(connection, person)
    if not ids and not any(person.row_keys.values()):
        raise WrongUse(
            f"The warehouse {warehouse} knows nobody by "
            + (f"the address {address}" if address else f"the id {lead_id}")
            + ": see that it is written as in the raw tables. Who was erased is not found again."
        )
    person.values = {
        "lead_id": ids,
        "person_lead_id": ids,
        "lead_key": lead_keys,
        "email": addresses,
        "email_key": email_keys,
        "visitor_id": visitor_ids,
        "visitor_key": visitor_keys,
        "idempotency_key": read_column(
            connection, f"select idempotency_key from main.hand_overs where lead_id in ({mine})"
        ),
        "event_id": [key for keys in person.row_keys.values() for key in keys],
        "row_key": [*ids, *(key for keys in person.row_keys.values() for key in keys)],
    }
    find_texts(connection, person)
    return person


def find_events(connection: duckdb.DuckDBPyConnection, person: Person) -> dict[str, list[str]]:
    """The ids of the person's events, by raw table; those of a table that is gone are not known."""
    conditions = {
        "crm.activities": f"lead_id in ({list_texts(person.lead_ids)})",
        "email.events": f"lower(email) in ({list_texts(person.addresses)})",
        "web.events": f"lower(email) in ({list_texts(person.addresses)})"
        f" or visitor_id in ({list_texts(person.visitor_ids)})",
    }
    found = {}
    for table, condition in conditions.items():
        key = "activity_id" if table == "crm.activities" else "event_id"
        found[table] = read_column(
            connection,
            f"select {key} from staging.base_{table.replace('.', '__')}"
            f" where ({condition}) and {key} is not null",
        )
    return found


def find_texts(connection: duckdb.DuckDBPyConnection, person: Person) -> None:
    """Say which texts of the person must be found nowhere: addresses, ids, names in full and phone
    numbers, but for those that others have too."""
    mine = list_texts(person.lead_ids)
    others = f"from staging.base_crm__leads where lead_id not in ({mine})"
    told = [*person.addresses]
    for column in ("trim(first_name) || ' ' || trim(last_name)", "trim(phone)"):
        own = read_column(
            connection,
            f"select {column} from staging.base_crm__leads"
            f" where lead_id in ({mine}) and {column} is not null",
        )
        also = read_column(
            connection,
            f"select {column} {others} and {column} in ({list_texts(own)})",
        )
        person.shared += also
        told += [text for text in own if text not in also]
    told += [*person.lead_ids, *person.visitor_ids]
    person.texts = sorted({text for text in told if len(text) >= SHORTEST_TEXT})
    # What is a part of another lead's id would be found there.
    parts = find_parts(connection, person.lead_ids)
    person.texts = [
        text
        for text in person.texts
        if text not in parts and not re.fullmatch(r"(\w+:)?\d{1,8}", text)
    ]


def count_raw_rows(connection: duckdb.DuckDBPyConnection, person: Person) -> dict[str, int]:
    """How many rows of each raw table are the person's; they are for whoever owns the raw tables
    to delete. Tables without any are left out."""
    counts = {table: len(keys) for table, keys in person.row_keys.items()}
    for table in ("leads", "lead_attributes", "lead_feedback", "opportunities"):
        counts[f"crm.{table}"] = connection.execute(
            f"select count(*) from staging.base_crm__{table}"
            f" where lead_id in ({list_texts(person.lead_ids)})"
        ).fetchone()[0]
    return {table: count for table, count in counts.items() if count}
