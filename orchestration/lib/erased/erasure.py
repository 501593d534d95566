"""What belongs here: erasing a person, from the question who it is to the receipt. What was begun
is finished by whoever erases next: until all is done, who the person is stands in a file beside the
warehouse that nobody else may read."""

import json
import os
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import duckdb

from orchestration.lib.basics.outcomes import Answer, WrongUse
from orchestration.lib.basics.progress import count_things, time_step
from orchestration.lib.basics.settings import ERASING_TARGETS, Settings, read_variables
from orchestration.lib.basics.warehouse import (
    compact_warehouse,
    list_own_tables,
    open_warehouse,
)
from orchestration.lib.built.erasures import (
    Receipt,
    find_salt,
    make_fingerprints,
    note_erased,
    write_receipt,
)
from orchestration.lib.built.load_raw import CONTRACT_SOURCES, unload_vendors
from orchestration.lib.delivered.outbox import (
    find_outbox,
    forget_messages,
    has_outbox,
    open_outbox,
)
from orchestration.lib.erased.files import clean_file, find_in_file, list_own_files, write_as_bytes
from orchestration.lib.erased.person import Person, count_raw_rows, find_person
from orchestration.lib.erased.publications import clean_publications, search_publications
from orchestration.lib.erased.tables import clean_tables, find_person_in, list_tables
from orchestration.lib.erased.vendor_records import clean_records, describe_records
from orchestration.lib.published.publication import hash_file


@dataclass
class Erasure:
    """An erasure on its way: whose, the receipt as far as it is, and how many rows of each raw
    table are the person's."""

    person: Person
    receipt: Receipt
    raw_rows: dict[str, int] = field(default_factory=dict)


def find_pending(warehouse: Path) -> Path:
    """Where an erasure stands that is not finished.

    >>> find_pending(Path("warehouse/leads.duckdb")).as_posix()
    'warehouse/.leads.erasing.json'
    """
    return warehouse.with_name(f".{warehouse.stem}.erasing.json")


def read_pending(warehouse: Path) -> Erasure | None:
    """The erasure that was begun and is not finished, if there is one."""
    file = find_pending(warehouse)
    if not file.exists():
        return None
    told = json.loads(file.read_text())
    return Erasure(Person(**told["person"]), told["receipt"], told["raw_rows"])


def begin(settings: Settings, *, lead_id: str = "", email: str = "") -> Erasure:
    """Find the person and note that they are to be erased. Raises WrongUse where nobody is known by
    that id or address, or rows of a person cannot be found on the target."""
    if settings.target not in ERASING_TARGETS:
        raise WrongUse(
            f"On the target '{settings.target}' a person's rows cannot be found yet. Take "
            "them out of the raw tables, delete the warehouse and run again; publications made "
            "before still hold the person."
        )
    with open_warehouse(settings.warehouse) as connection:
        person = find_person(connection, settings.warehouse, lead_id=lead_id, email=email)
        at = datetime.now(UTC)
        salt = find_salt(connection)
        erasure = Erasure(
            person,
            {
                "receipt_id": f"{at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}",
                "erased_at": at.isoformat(timespec="seconds"),
                "asked_by": "address" if email else "id",
                "salt": salt,
                "fingerprints": make_fingerprints(
                    {
                        "lead": person.lead_ids,
                        "email": person.addresses,
                        "visitor": person.visitor_ids,
                    },
                    salt,
                ),
            },
            count_raw_rows(connection, person),
        )
        keep_pending(settings.warehouse, erasure)
        # From here on nothing of the person comes in again, whatever becomes of this process.
        note_erased(connection, [erasure.receipt])
    return erasure


def keep_pending(warehouse: Path, erasure: Erasure) -> None:
    """Write down an erasure that is on its way, for nobody else to read."""
    descriptor = os.open(find_pending(warehouse), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(erasure), file)


def finish(settings: Settings, erasure: Erasure, console: TextIO) -> Path:
    """Take the person out of all that the project keeps, look whether anything is left, and write
    the receipt; returns its file. Raises ValueError where something is left.

    The warehouse comes last: as long as it knows the person, all else can be found.
    """
    person, receipt = erasure.person, erasure.receipt
    cleaned: dict[str, dict[str, int]] = receipt.setdefault("rows", {})
    with time_step(console, "publications") as what:
        files = clean_publications(settings.published, person, receipt_id=receipt["receipt_id"])
        add(cleaned, "publications", files)
        what.append(f"{count_things(len(files), 'file')} written anew")
    with time_step(console, "outbox") as what:
        messages = forget_in_outbox(settings.warehouse, person)
        add(cleaned, "outbox", {"messages": messages} if messages else {})
        what.append(count_things(messages, "message"))
    with time_step(console, "warehouse") as what:
        with open_warehouse(settings.warehouse) as connection:
            connection.execute("begin")
            raw = list_raw_schemas(settings, connection)
            if "sources" not in raw:
                keys = [key for keys in person.row_keys.values() for key in keys]
                clean_records(
                    connection, person.lead_ids, [*person.addresses, *person.visitor_ids, *keys]
                )
            unload_vendors(connection, settings)
            tables = clean_tables(connection, person, without=raw)
            # What was folded of the person's days is counted again by the next run.
            for table, keys in person.row_keys.items():
                if keys:
                    connection.execute(
                        "update intermediate.event_tables_read set row_count = null"
                        f" where table_name = '{table}'"
                    )
            connection.execute("commit")
        compact_warehouse(settings.warehouse)
        add(cleaned, "warehouse", tables)
        what.append(f"{count_things(len(tables), 'table')}, written anew")
    written = write_as_bytes(person.texts)
    kept = find_pending(settings.warehouse)
    with time_step(console, "files", "logs, records of runs, copies to try things out in") as what:
        changed = {
            str(path): clean_file(path, written)
            for path in list_own_files(settings)
            if path not in (kept, settings.warehouse)
            and settings.published not in path.parents
            and find_in_file(path, written)
        }
        receipt.setdefault("files", {}).update(
            {name_file(settings, Path(path)): done for path, done in changed.items()}
        )
    with time_step(console, "search", "for what is left") as what:
        left = search(settings, person, receipt)
    if left:
        raise ValueError(
            f"Something of the person is left in {'; '.join(left[:5])}"
            f"{' and elsewhere' if left[5:] else ''}. Close whatever writes there, then erase "
            "again: what was begun is finished."
        )
    receipt["raw_rows_left"] = erasure.raw_rows
    file = write_receipt(settings.warehouse, receipt)
    kept.unlink()
    return file


def list_raw_schemas(settings: Settings, connection: duckdb.DuckDBPyConnection) -> set[str]:
    """The schemas of raw tables that lie in the warehouse and are the user's; none where they are
    files, or copies of files that the project has loaded itself."""
    tables = set(list_own_tables(connection))
    variables = read_variables(settings.project)
    schemas = {variables[f"{source}_schema"] for source in CONTRACT_SOURCES}
    schemas |= {variables.get(f"{vendor}_schema", vendor) for vendor in settings.sources}
    is_loaded = ("raw_files", "roots") in tables
    return set() if is_loaded else {schema for schema, _ in tables if schema in schemas}


def forget_in_outbox(warehouse: Path, person: Person) -> int:
    """Delete the person's messages; returns how many there were."""
    file = find_outbox(warehouse)
    if not has_outbox(file) or not person.lead_ids:
        return 0
    with open_outbox(file) as connection:
        return forget_messages(connection, person.lead_ids)


def search(settings: Settings, person: Person, receipt: Receipt) -> list[str]:
    """Where anything of the person is left; the receipt is told how much was searched."""
    with open_warehouse(settings.warehouse, is_read_only=True) as connection:
        raw = list_raw_schemas(settings, connection)
        tables = list_tables(connection, without=raw)
        left = [f"the table {column}" for column in find_person_in(connection, tables, person)]
    in_publications, marts = search_publications(settings.published, person)
    left += in_publications
    written = write_as_bytes(person.texts)
    kept = find_pending(settings.warehouse)
    # Raw tables in the warehouse's file are the user's, and so are its bytes.
    others = {kept, settings.warehouse} if raw else {kept}
    files = [path for path in list_own_files(settings) if path not in others]
    left += [str(path) for path in files if find_in_file(path, written)]
    receipt["searched"] = {
        "tables": len(tables),
        "files_of_publications": marts,
        "files": len(files),
        "bytes": sum(path.stat().st_size for path in files if path.exists()),
        "found": len(left),
    }
    receipt["sha256"] = {
        name_file(settings, settings.published / name): hash_file(settings.published / name)
        for name in receipt["rows"].get("publications", {})
    }
    return left


def add(cleaned: dict[str, dict[str, int]], place: str, rows: dict[str, int]) -> None:
    """Note what was taken out of a place, beside what an earlier attempt took out."""
    noted = cleaned.setdefault(place, {})
    for name, count in rows.items():
        noted[name] = noted.get(name, 0) + count


def name_file(settings: Settings, path: Path) -> str:
    """A file as a receipt names it: from the project on, where it lies there."""
    is_inside = path.is_relative_to(settings.project)
    return str(path.relative_to(settings.project) if is_inside else path)


def describe_erasure(
    erasure: Erasure, file: Path, *, exclusions: Sequence[str], sources: Sequence[str] = ()
) -> Answer:
    """What was erased, what is for the user to delete, there or at the `sources` of LEADS_SOURCES,
    and where the receipt is."""
    person, receipt = erasure.person, erasure.receipt
    rows = receipt["rows"]
    searched = receipt["searched"]
    lines = [
        f"Erased: {count_things(len(person.lead_ids), 'lead')}, "
        f"{len(person.addresses):,} address{'' if len(person.addresses) == 1 else 'es'}, "
        f"{count_things(len(person.visitor_ids), 'visitor')}.",
        f"  warehouse     {sum(rows['warehouse'].values()):>7,} rows of "
        f"{len(rows['warehouse'])} tables",
        f"  publications  {sum(rows['publications'].values()):>7,} rows of "
        f"{len(rows['publications'])} files",
        f"  outbox        {sum(rows['outbox'].values()):>7,} messages",
        f"  other files   {len(receipt.get('files', {})):>7,}",
        f"Searched {searched['tables']} tables and {searched['files']:,} files "
        f"({searched['bytes']:,} bytes): nothing is left.",
        "From now on rows of this person are left out and counted (quarantine).",
    ]
    if person.shared:
        lines.append(
            f"{count_things(len(person.shared), 'name')} or phone numbers are those of other leads"
            " too and were not searched for."
        )
    if erasure.raw_rows:
        lines.append("The raw tables are yours; these of their rows are the person's to delete:")
        lines += [
            f"  {table:<22}{count:>7,} rows with {name_condition(table, person)}"
            for table, count in erasure.raw_rows.items()
        ]
        lines += describe_records(person.lead_ids, sources)
    lines += [f"{place} names the address, and is yours to change." for place in exclusions]
    lines.append(f"The receipt, which names nobody: {file}")
    return Answer(["", *lines], {**receipt, "receipt": file, "exclusions": list(exclusions)})


def name_condition(table: str, person: Person) -> str:
    """Which rows of a raw table are the person's.

    >>> name_condition("web.events", Person(["L1"], ["ada@firm.example"], ["v1", "v2"]))
    'email ada@firm.example or visitor_id v1, v2'
    """
    if table.startswith("crm."):
        return f"lead_id {', '.join(person.lead_ids)}"
    parts = [f"email {', '.join(person.addresses)}"] if person.addresses else []
    if table == "web.events" and person.visitor_ids:
        parts.append(f"visitor_id {', '.join(person.visitor_ids)}")
    return " or ".join(parts)


def find_in_rule_book(rules: Path, person: Person) -> list[str]:
    """The lines of the rule book that name an address of the person."""
    return [
        f"{file}, line {number},"
        for file in sorted(rules.glob("*.csv"))
        for number, line in enumerate(file.read_text(errors="replace").splitlines(), start=1)
        if any(address in line.lower() for address in person.addresses)
    ]
