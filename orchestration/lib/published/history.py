"""What belongs here: the history of scores and tiers in a publication, one Parquet file per part: a
month of valid_to, or the rows that are still so.

    versions/<publication id>/lead_score_history/   2026-05.parquet, …, current.parquet

A part that holds the same rows as one of a publication that is kept is linked to it (copied where
links are impossible), with the checksum that it had: what is over is written once, however many
years there are of it.
"""

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lib.basics.quoting import quote
from orchestration.lib.decided.history import describe_part
from orchestration.lib.published.copies import count_rows

HISTORY = "lead_score_history"
ORDER = "model_id, lead_id, valid_from"

# What the manifest says of a part: written_id, rows, bytes.
Part = dict[str, Any]


@dataclass(frozen=True)
class KnownPart:
    """A part as an earlier publication has it."""

    file: Path
    sha256: str


def find_known_parts(versions: Path, manifests: Iterable[dict[str, Any]]) -> dict[str, KnownPart]:
    """The parts that the publications `manifests` hold, by written_id."""
    known: dict[str, KnownPart] = {}
    for manifest in manifests:
        folder = versions / manifest["publication_id"] / HISTORY
        for part, said in manifest.get("history", {}).items():
            file = folder / f"{part}.parquet"
            # Another length is another file than was published.
            if file.is_file() and file.stat().st_size == said["bytes"]:
                sha256 = manifest["files"][f"{HISTORY}/{file.name}"]
                known.setdefault(said["written_id"], KnownPart(file, sha256))
    return known


def export_history(
    connection: duckdb.DuckDBPyConnection, folder: Path, *, known: dict[str, KnownPart]
) -> dict[str, Part]:
    """Put the parts of the attached `warehouse`'s history into `folder`; returns what the manifest
    says of them. Raises ValueError where rows of the history are in no part."""
    parts = connection.execute(
        "select part, written_id from warehouse.main.lead_score_history_parts order by part"
    ).fetchall()
    if (
        not parts
        and connection.execute(f"select exists (from warehouse.main.{HISTORY})").fetchone()[0]
    ):
        raise ValueError(
            "The history in the warehouse was written by an earlier version, which named no parts "
            "of it: score a day first (`leads run`)."
        )
    history = {}
    for part, written_id in parts:
        file = folder / f"{part}.parquet"
        if written_id in known:
            link_or_copy(known[written_id].file, file)
        else:
            connection.execute(
                f"copy (select * from warehouse.main.{HISTORY} where {describe_part(part)}"
                f" order by {ORDER}) to {quote(file)} (format parquet, compression zstd)"
            )
        history[part] = {
            "written_id": written_id,
            "rows": count_rows(connection, file),
            "bytes": file.stat().st_size,
        }
    return history


def link_or_copy(source: Path, target: Path) -> None:
    """Have the file `source` under the name `target` as well: without a copy where the file system
    can do that."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def create_history_view(
    connection: duckdb.DuckDBPyConnection, folder: Path, *, place: Path
) -> None:
    """Make `published`.lead_score_history a view on the parts in `folder`, by the `place` they will
    have when the publication is there: DuckDB wants to see files where a view says they are."""
    place.symlink_to(folder.name)
    try:
        files = quote(Path(os.path.abspath(place), HISTORY, "*.parquet"))
        connection.execute(
            f"create view published.{HISTORY} as select * from read_parquet({files})"
        )
    finally:
        place.unlink()
