"""What belongs here: the receipts of erasures, a file each beside the warehouse, and the
fingerprints by which a person who was erased is known again in what loads later: their rows of raw
tables are left out (macros/erasures.sql). A receipt holds no personal data: what the person was
known by is a hash behind a salt that was drawn at random."""

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lib.basics.settings import Settings
from orchestration.lib.basics.warehouse import has_table, open_warehouse
from orchestration.lib.built.dbt_command import TARGET, run_dbt

Receipt = dict[str, Any]

TABLE = "erased_people"


def find_receipts(warehouse: Path) -> Path:
    """The folder of the receipts.

    >>> find_receipts(Path("warehouse/leads.duckdb")).as_posix()
    'warehouse/leads.erasures'
    """
    return warehouse.with_suffix(".erasures")


def read_receipts(warehouse: Path) -> list[Receipt]:
    """The receipts beside the warehouse, the oldest first."""
    files = sorted(find_receipts(warehouse).glob("*.json"))
    return [json.loads(file.read_text()) for file in files]


def write_receipt(warehouse: Path, receipt: Receipt) -> Path:
    """Write a receipt; returns its file."""
    folder = find_receipts(warehouse)
    folder.mkdir(exist_ok=True)
    file = folder / f"{receipt['receipt_id']}.json"
    file.write_text(json.dumps(receipt, indent=2) + "\n")
    return file


def make_fingerprints(known_by: Mapping[str, Sequence[str]], salt: str) -> list[dict[str, str]]:
    """What a person is known by, texts by kind, as fingerprints.

    >>> make_fingerprints({"lead": ["L1"]}, "salt")[0]["fingerprint"][:12]
    'ecbefbee7e68'
    """
    return [
        {
            "kind": kind,
            "fingerprint": hashlib.sha256(f"{salt}{kind}:{text}".encode()).hexdigest(),
        }
        for kind, texts in known_by.items()
        for text in texts
    ]


def find_salt(connection: duckdb.DuckDBPyConnection) -> str:
    """What stands before every text that is hashed in this warehouse; drawn with the first one."""
    found = connection.execute(f"select min(salt) from main.{TABLE}").fetchone()
    return found[0] or secrets.token_hex(16)


def keep_out_erased(settings: Settings) -> None:
    """See that a new warehouse, beside receipts of the one that was lost, leaves the same people
    out."""
    receipts = read_receipts(settings.warehouse)
    if not receipts:
        return
    if not has_table(settings.warehouse, "main", TABLE):
        command = ["run-operation", "make_state_tables"]
        list(run_dbt(command, settings=settings, target_path=TARGET / "erasures"))
    with open_warehouse(settings.warehouse) as connection:
        note_erased(connection, receipts)


def note_erased(connection: duckdb.DuckDBPyConnection, receipts: Iterable[Receipt]) -> None:
    """Have the rows of the people of these receipts left out from now on."""
    noted = {
        receipt_id
        for (receipt_id,) in connection.execute(
            f"select distinct receipt_id from main.{TABLE}"
        ).fetchall()
    }
    for receipt in receipts:
        for one in [] if receipt["receipt_id"] in noted else receipt["fingerprints"]:
            connection.execute(
                f"insert into main.{TABLE} (kind, fingerprint, salt, receipt_id, erased_on)"
                " values (?, ?, ?, ?, cast(? as date))",
                [
                    one["kind"],
                    one["fingerprint"],
                    receipt["salt"],
                    receipt["receipt_id"],
                    receipt["erased_at"][:10],
                ],
            )


def demand_receipts(warehouse: Path, erasures: Iterable[str], *, publication_id: str) -> None:
    """ValueError where a publication was cleaned of people whose receipts are not beside the
    warehouse: they would come in again."""
    there = {receipt["receipt_id"] for receipt in read_receipts(warehouse)}
    missing = sorted(set(erasures) - there)
    if missing:
        raise ValueError(
            f"People were erased from the publication {publication_id}, and their receipts "
            f"{', '.join(missing)} are not in {find_receipts(warehouse)}: without them these "
            "people would be scored again. Put a copy of that folder back, then run again."
        )
