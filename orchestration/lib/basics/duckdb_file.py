"""What belongs here: a warehouse that is a DuckDB file: which name and place it may have, waiting
for another process that holds it, and what is wrong with one that cannot be opened."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import duckdb

from orchestration.lib.basics.locks import (
    Busy,
    find_command,
    find_lock,
    in_brackets,
    is_held_here,
    wait_while_busy,
)
from orchestration.lib.basics.outcomes import Unusable
from orchestration.lib.basics.quoting import quote

# Who has only begun is told soon; a run on its way has the work of minutes to lose.
WAIT_SECONDS = 4.0
WAIT_SECONDS_IN_RUN = 60.0

# DuckDB names a database after its file. These names mean something else to it.
TAKEN_NAMES = frozenset(
    ["main", "memory", "system", "temp", "information_schema", "pg_catalog"]
    # The schemas of the project: `rules.models` would be a table of the database `rules`.
    + [
        "crm",
        "web",
        "email",
        "staging",
        "rules",
        "shipped_rules",
        "rule_book",
        "intermediate",
        "scoring",
        "evidence",
    ]
    + ["snapshots"]
)

REMEDY = (
    "If it is damaged, move it away and run again: the warehouse is built anew from the raw "
    "tables, and history and hand-overs come back from the live publication."
)

Opened = TypeVar("Opened")


class DamagedWarehouse(Unusable):
    """The file is there and is no warehouse that can be read."""


def check_name(path: Path) -> None:
    """ValueError where the warehouse cannot have the name of the file at `path`.

    >>> check_name(Path("warehouse/lead scores.v2.duckdb"))
    >>> check_name(Path("warehouse/Main.duckdb"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: LEADS_WAREHOUSE is warehouse/Main.duckdb, but the file cannot have that name: ...
    """
    name = path.name.lstrip(".").split(".")[0]
    if name.lower() in TAKEN_NAMES:
        reason = f"DuckDB names the database after it, and '{name}' means something else there"
    elif not name or re.search(r"[^\w -]", name):
        reason = (
            "DuckDB names the database after it, which takes letters, digits, blanks, dashes and "
            "underscores before the first dot"
        )
    elif re.search("[#?;]", str(path.parent)):
        reason = "dbt does not find a file whose folders have #, ? or ; in their names"
    else:
        return
    raise ValueError(
        f"LEADS_WAREHOUSE is {path}, but the file cannot have that name: {reason}. Set it to "
        "another one, such as warehouse/leads.duckdb."
    )


def check_place(path: Path) -> None:
    """ValueError where the warehouse cannot have the name of the file at `path`, or its folder
    cannot be written into."""
    check_name(path)
    folder = path.parent
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise Unusable(
            f"{path} cannot be written: {folder} is no folder that this user may write into. Make "
            "it one, or set LEADS_WAREHOUSE to a file elsewhere."
        )


def wait_for_file(
    open_file: Callable[[], Opened], path: Path, *, wait_seconds: float | None = None
) -> Opened:
    """What `open_file` returns, tried again while another process holds the file; says after a
    second which one. Raises as `open_warehouse` does."""
    if wait_seconds is None:
        wait_seconds = WAIT_SECONDS_IN_RUN if is_held_here(find_lock(path)) else WAIT_SECONDS

    def try_open() -> Opened:
        try:
            return open_file()
        except duckdb.Error as error:
            if "Could not set lock" not in str(error):
                raise DamagedWarehouse(describe_damage(path, error)) from None
            holder = in_brackets(describe_holder(str(error)))
            raise Busy(
                f"another process, which holds {path}{holder}",
                f"{path} is held by another process{holder} and was not let go of within "
                f"{wait_seconds:.0f} seconds: close it there (readers belong on the published "
                "copy), then run again.",
            ) from None

    return wait_while_busy(try_open, wait_seconds=wait_seconds)


def rewrite_file(path: Path, *, name: str = "") -> None:
    """Write a DuckDB file anew in its place: one that rows were deleted from keeps their bytes.
    `name` is that of the database, which its views name; without it that of the file. Nobody writes
    to it meanwhile; who reads it goes on with the old one."""
    fresh = path.with_name(f".{path.name}.fresh")
    fresh.unlink(missing_ok=True)
    name = name or path.name.split(".")[0]
    with duckdb.connect() as connection:
        connection.execute(f'attach {quote(path)} as "{name}" (read_only)')
        # Readable by every DuckDB 1.x.
        connection.execute(f"attach {quote(fresh)} as fresh (storage_version 'v1.0.0')")
        connection.execute(f'copy from database "{name}" to fresh')
    fresh.chmod(path.stat().st_mode)
    os.replace(fresh, path)


def describe_holder(message: str) -> str:
    """Which process holds a file, from DuckDB's `message`; blank where it does not say.

    >>> describe_holder("lock is held in /usr/bin/nothing (PID 999999999).")
    'process 999999999, /usr/bin/nothing'
    """
    found = re.search(r"held in (?P<program>.*?) \(PID (?P<process>\d+)\)", message)
    if not found:
        return ""
    return f"process {found['process']}, {find_command(int(found['process'])) or found['program']}"


def describe_damage(path: Path, error: duckdb.Error) -> str:
    """Why the file at `path` cannot be opened, and what to do about it."""
    if path.is_dir():
        return f"{path} is a folder, where the file of the warehouse belongs: name a file."
    if path.exists() and path.stat().st_size == 0:
        what = "is empty (0 bytes), so it is no DuckDB file"
    elif "Permission denied" in str(error) or "Read-only" in str(error):
        return (
            f"{path} cannot be opened: this user may not read and write it, and the folder it lies "
            "in. Let the user who owns it run this, or set LEADS_WAREHOUSE to another file."
        )
    else:
        words = str(error).splitlines()[0].removeprefix("IO Error: ").rstrip(".!")
        what = f"cannot be opened as a DuckDB file: {words}"
    return f"{path} {what}. {REMEDY}"


def add_remedy(sentence: str) -> str:
    """A complaint of DuckDB's about a damaged block, which it meets only as it reads it, with what
    to do; any other one as it is.

    >>> add_remedy("No lead is scored.")
    'No lead is scored.'
    """
    return f"{sentence}. {REMEDY}" if "Corrupt database file" in sentence else sentence
