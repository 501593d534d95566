"""What belongs here: taking a person out of the publications that are kept. Each stays the one it
was, with its id and its aggregates; only the files that held something of the person are written
anew, each put into its place whole, and the manifest says by which receipts.
"""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import duckdb

from orchestration.lib.basics.duckdb_file import rewrite_file
from orchestration.lib.basics.locks import hold_lock
from orchestration.lib.basics.quoting import quote
from orchestration.lib.erased.files import put_in_place, write_as_bytes
from orchestration.lib.erased.person import Person
from orchestration.lib.erased.tables import (
    clean_tables,
    count_theirs,
    find_changes,
    find_conditions,
    find_person_in,
    find_values,
    list_tables,
    open_parquet,
)
from orchestration.lib.published.copies import count_rows
from orchestration.lib.published.history import HISTORY, link_or_copy
from orchestration.lib.published.page import write_page
from orchestration.lib.published.page_data import DATA
from orchestration.lib.published.publication import (
    Manifest,
    list_publications,
    make_readable_folder,
    settle_file,
    sync,
    write_manifest,
)
from orchestration.lib.published.stories import unpack_stories


def clean_publications(published: Path, person: Person, *, receipt_id: str) -> dict[str, int]:
    """Take the person out of every publication; returns how many rows of each file that was written
    anew, by its name below `published`."""
    changed: dict[str, int] = {}
    if not (published / "versions").is_dir():
        return changed
    # A part of the history lies in several publications as one file.
    cleaned: dict[tuple[int, int], tuple[Path, int]] = {}
    with hold_lock(published / ".lock", wait_seconds=120):
        for manifest in list_publications(published):
            folder = published / "versions" / manifest["publication_id"]
            for name, rows in clean_publication(
                folder, manifest, person, receipt_id=receipt_id, cleaned=cleaned
            ).items():
                changed[str((folder / name).relative_to(published))] = rows
    return changed


def clean_publication(
    folder: Path,
    manifest: Manifest,
    person: Person,
    *,
    receipt_id: str,
    cleaned: dict[tuple[int, int], tuple[Path, int]],
) -> dict[str, int]:
    """The same for the publication in one `folder`; `cleaned` are the files that were written
    anew before, by what they were."""
    # While it lies there, files may be others than the manifest says: whoever finds it says of
    # all of them anew what they are.
    unfinished = folder / ".erasing"
    pages = f"{DATA}/"
    changed: dict[str, int] = {}
    if unfinished.exists():
        changed = {name: 0 for name in manifest["files"] if not name.startswith(pages)}
    unfinished.touch()
    for name in manifest["files"]:
        file = folder / name
        if file.suffix == ".parquet":
            status = file.stat()
            known = cleaned.get((status.st_dev, status.st_ino))
            if known:
                put_in_place(file, lambda fresh, known=known: link_or_copy(known[0], fresh))
                changed[name] = known[1]
            elif rows := clean_parquet(file, person):
                changed[name] = rows
                cleaned[status.st_dev, status.st_ino] = (file, rows)
    # In one of a day in progress lie the bytes of rows that others took the place of.
    is_to_compact = "intraday" in manifest
    rows = clean_database(folder / "leads.duckdb", person, is_to_compact=is_to_compact)
    if rows or is_to_compact:
        changed["leads.duckdb"] = rows
    if not changed:
        unfinished.unlink()
        return changed
    with duckdb.connect(str(folder / "leads.duckdb"), read_only=True) as connection:
        count_anew(connection, folder, manifest, changed)
        changed |= dict.fromkeys(put_page_in_place(connection, folder, manifest), 0)
    for name in changed:
        manifest["files"][name] = settle_file(folder / name)
    manifest["erasures"] = [*manifest.get("erasures", []), receipt_id]
    (folder / "manifest.json").chmod(0o644)
    write_manifest(folder, manifest)
    settle_file(folder / "manifest.json")
    unfinished.unlink()
    sync(folder)
    return changed


def clean_parquet(file: Path, person: Person) -> int:
    """Take the person out of a mart's Parquet file; returns how many rows were theirs."""
    with duckdb.connect() as connection:
        mart = open_parquet(connection, file)
        conditions = find_conditions(mart, person, find_values(connection, [mart], person))
        rows = count_theirs(connection, mart, conditions)
        if rows:
            going, written = find_changes(mart, conditions)
            replaced = ", ".join(f"{value} as {column}" for column, value in written.items())
            query = (
                f"select *{f' replace ({replaced})' if replaced else ''} from {mart.place}"
                f" where not coalesce({going or 'false'}, false)"
            )
            put_in_place(
                file,
                lambda fresh: connection.execute(
                    f"copy ({query}) to {quote(fresh)} (format parquet, compression zstd)"
                ),
            )
    return rows


def clean_database(file: Path, person: Person, *, is_to_compact: bool) -> int:
    """Take the person out of a publication's DuckDB file; returns how many rows were theirs. The
    file is written anew where there are such, or it is to be compacted."""
    fresh = file.with_name(f".fresh.{file.name}")
    shutil.copyfile(file, fresh)
    try:
        with duckdb.connect() as connection:
            # By its own name, which its views name.
            connection.execute(f"attach {quote(fresh)} as {file.stem}")
            connection.execute(f"use {file.stem}")
            rows = sum(clean_tables(connection, person).values())
        if rows or is_to_compact:
            rewrite_file(fresh, name=file.stem)
            os.replace(fresh, file)
    finally:
        fresh.unlink(missing_ok=True)
    return rows


def put_page_in_place(
    connection: duckdb.DuckDBPyConnection, folder: Path, manifest: Manifest
) -> list[str]:
    """Make the page of a publication anew, with what it loads; returns the names of the files."""
    fresh = folder / ".page"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    names = write_page(connection, fresh, manifest)
    make_readable_folder(folder / DATA)
    for name in names:
        os.replace(fresh / name, folder / name)
    for name in [name for name in manifest["files"] if name.startswith(f"{DATA}/")]:
        if name not in names:
            (folder / name).unlink(missing_ok=True)
            del manifest["files"][name]
    shutil.rmtree(fresh)
    return names


def count_anew(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    manifest: Manifest,
    changed: Iterable[str],
) -> None:
    """Have the manifest say what its files hold now."""
    for name in changed:
        mart, _, suffix = name.rpartition(".")
        if suffix != "parquet":
            continue
        rows = count_rows(connection, folder / name)
        if name.startswith(f"{HISTORY}/"):
            part = manifest["history"][Path(mart).name]
            manifest["row_counts"][HISTORY] += rows - part["rows"]
            part.update(rows=rows, bytes=(folder / name).stat().st_size)
        else:
            manifest["row_counts"][mart] = rows
    mean, leads = connection.execute(
        "select avg(score), count(distinct lead_id) from scored_leads"
    ).fetchone()
    manifest.update(leads=leads, mean_score=round(mean or 0, 4))


def search_publications(published: Path, person: Person) -> tuple[list[str], int]:
    """The columns of publications' files that still hold something of the person, and how many
    files were searched."""
    found: list[str] = []
    files = [
        file
        for pattern in ("*.duckdb", "*.parquet", f"{HISTORY}/*.parquet")
        for file in sorted((published / "versions").glob(f"*/{pattern}"))
    ]
    for file in files:
        with duckdb.connect() as connection:
            if file.suffix == ".duckdb":
                connection.execute(f"attach {quote(file)} as publication (read_only)")
                connection.execute("use publication")
                tables = list_tables(connection)
            else:
                tables = [open_parquet(connection, file)]
            found += [
                f"{file.relative_to(published)}: {column}"
                for column in find_person_in(connection, tables, person)
            ]
    written = write_as_bytes(person.texts)
    packed = sorted((published / "versions").glob(f"*/{DATA}/stories-*.js"))
    for file in packed:
        content = unpack_stories(file).lower().encode()
        if any(text in content for text in written):
            found.append(str(file.relative_to(published)))
    return found, len(files) + len(packed)
