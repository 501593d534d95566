"""What belongs here: which raw files lie under LEADS_RAW, to which table each belongs, and what of
them cannot be read. A file is read here only as far as it takes to say so; the rows of a sound one
are left to the engine. No sentence says what stands in a row."""

import codecs
import csv
import difflib
import gzip
import hashlib
import io
import os
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, TextIO

import duckdb

from orchestration.lib.basics.quoting import quote, quote_name

ENDINGS = {".parquet": "parquet", ".csv": "csv", ".csv.gz": "csv", ".csv.zst": "csv"}
COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}

# What may stand between the columns of a CSV file without any doubt, and what else people use.
DELIMITERS = {",": "commas", ";": "semicolons"}
OTHER_DELIMITERS = {"\t": "tabs", "|": "vertical bars"}

# The engine reads no longer line; a field of that size is no value of any column.
LONGEST_LINE = 2_000_000
# A quoted value may hold line breaks; one of more lines than this was never closed.
MOST_LINES_OF_A_ROW = 100
# So much of a line that cannot be read is kept for whoever looks it up.
KEPT_CHARACTERS = 1_000
# So much of a file tells its encoding, and holds its header.
HEAD_BYTES = 65_536

MAGIC = {
    b"PAR1": "a Parquet file",
    b"PK\x03\x04": "a zip file or an Excel workbook",
    b"\x1f\x8b": "a gzip file (its name should end in .csv.gz)",
    b"\x28\xb5\x2f\xfd": "a Zstandard file (its name should end in .csv.zst)",
    b"SQLite format 3": "an SQLite database",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF",
}
ENCODINGS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}


@dataclass(frozen=True)
class RawFile:
    """A file under the root of raw files. `name` is its path below the root; `table` the raw table
    it belongs to (`web.events`), None where it belongs to none: `stray` then says so."""

    path: Path
    name: str
    table: str | None = None
    place: str = ""
    ending: str = ""
    stray: str | None = None


@dataclass(frozen=True)
class CsvFile:
    """How a CSV file is to be read: its columns as they are to be called, what separates them, and,
    where some of its lines cannot be read, a `mended` copy of all others and a list of those
    `lines` (line_number, reason, line)."""

    delimiter: str
    columns: tuple[str, ...]
    mended: Path | None = None
    lines: Path | None = None


def describe_table(
    root: Path, table: str, *, tables: Sequence[str], workplace: Path
) -> dict[str, Any]:
    """How the raw `table` is to be read: `groups` of files that are read alike: format, files
    (their paths below `root`), for CSV delimiter, columns, compression. Where lines cannot be read,
    the `name` of the file and in files the mended copy.

    Copies without the lines that cannot be read go to the folder `workplace`. Raises ValueError
    with a sentence where a file cannot be read at all or the table is there twice.
    """
    files = [file for file in find_raw_files(root, tables) if file.table == table]
    places = sorted({(file.place, ENDINGS[file.ending]) for file in files})
    if len(places) > 1:
        named = " and ".join(f"{place} ({kind})" for place, kind in places)
        raise ValueError(
            f"The raw table {table} is there more than once: {named}. Keep one of them."
        )
    groups: dict[tuple, dict[str, Any]] = {}
    for file in files:
        if ENDINGS[file.ending] == "parquet":
            check_parquet(file.path, file.name, *stamp(file.path))
            group: dict[str, Any] = {"format": "parquet"}
        else:
            examined = examine_csv(file.path, file.name, workplace, *stamp(file.path))
            group = {
                "format": "csv",
                "delimiter": "," if examined.mended else examined.delimiter,
                "columns": list(examined.columns),
                "compression": COMPRESSIONS.get(file.path.suffix.lower(), "none"),
            }
            if examined.mended:
                group |= {"compression": "none", "name": file.name}
                groups[file.name,] = group | {"files": [str(examined.mended)]}
                continue
        key = tuple(str(value) for value in group.values())
        groups.setdefault(key, group | {"files": []})["files"].append(file.name)
    return {"groups": list(groups.values())}


def describe_files(root: Path, *, tables: Sequence[str], workplace: Path) -> list[dict[str, Any]]:
    """Every file under `root`: file_name, table_name (None where it belongs to none), lines_file
    (the list of its lines that cannot be read, if any), warning (why it is not read at all).

    Removes from `workplace` what no longer belongs to a file as it is now. Raises ValueError where
    a file cannot be read at all.
    """
    rows = []
    needed = set()
    for file in find_raw_files(root, tables):
        lines = None
        if file.table and ENDINGS[file.ending] == "csv":
            examined = examine_csv(file.path, file.name, workplace, *stamp(file.path))
            lines = examined.lines
            needed |= {examined.mended, examined.lines}
        rows.append(
            {
                "file_name": file.name,
                "table_name": file.table,
                "lines_file": str(lines) if lines else None,
                "warning": file.stray,
            }
        )
    if workplace.is_dir():
        for path in workplace.iterdir():
            if path not in needed:
                path.unlink()
    return rows


def find_raw_files(root: Path, tables: Sequence[str]) -> list[RawFile]:
    """Every file under `root`, in order of names, with the table it belongs to: `<source>/<table>`
    with one of ENDINGS, or any file with such an ending under the folder `<source>/<table>`.
    Capitals do not matter. What starts with a dot or an underscore is left alone: loaders and
    systems keep their own things so."""
    return [assign(root, path, tables) for path in walk(root)]


def walk(root: Path) -> Iterator[Path]:
    """The files under `root`, links followed, each folder once."""
    seen = set()
    for folder, folders, names in os.walk(root, followlinks=True):
        if (real := os.path.realpath(folder)) in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if name[0] not in "._")
        yield from (Path(folder, name) for name in sorted(names) if name[0] not in "._")


def assign(root: Path, path: Path, tables: Sequence[str]) -> RawFile:
    """The file with its table, or with the reason why it has none.

    >>> assign(Path("/raw"), Path("/raw/Web/Events.CSV.gz"), ["web.events"]).table
    'web.events'
    >>> assign(Path("/raw"), Path("/raw/web/event.csv"), ["web.events"]).stray
    'web/event.csv is not read: it matches no raw table. Did you mean web/events?'
    """
    relative = path.relative_to(root)
    name = relative.as_posix()
    ending = next(
        (end for end in sorted(ENDINGS, key=len, reverse=True) if name.lower().endswith(end)), ""
    )
    bare = name[: -len(ending)] if ending else name
    parts = bare.split("/")
    for table in tables:
        if [part.lower() for part in parts[:2]] == table.split("."):
            if not ending:
                return RawFile(path, name, stray=f"{name} is not read: it is no CSV or Parquet.")
            place = bare if len(parts) == 2 else "/".join(parts[:2]) + "/"
            return RawFile(path, name, table=table, place=place, ending=ending)
    # Of a folder without a table its name is what is wrong, not that of each file in it.
    wanted = {table.replace(".", "/"): table for table in tables}
    attempt = "/".join(parts[:2]).lower()
    close = difflib.get_close_matches(re.sub(r"[.].*$", "", attempt), wanted, n=1, cutoff=0.75)
    if not close:
        last = re.sub(r"[.].*$", "", parts[-1].lower())
        close = [place for place in wanted if place.split("/")[1] == last][:1]
    hint = f" Did you mean {close[0]}?" if close else ""
    return RawFile(path, name, stray=f"{name} is not read: it matches no raw table.{hint}")


def stamp(path: Path) -> tuple[int, int]:
    """What changes when a file does: its size and time of change."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns


@lru_cache(maxsize=100_000)
def check_parquet(path: Path, name: str, size: int, changed: int) -> None:
    """ValueError where the file is no Parquet file that is whole."""
    try:
        with open_engine().cursor() as connection:
            # No parameter: the client would first look for pandas, for a third of a second.
            connection.execute(f"select * from read_parquet({quote(path)}) limit 0")
    except duckdb.Error:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        kind = "" if head.startswith(b"PAR1") else guess_kind(head)
        seems = f"it seems to be {kind}" if kind else "it is damaged or not whole"
        raise ValueError(
            f"The raw file {name} cannot be read as Parquet: {seems}. Have it written anew."
        ) from None


@lru_cache(maxsize=100_000)
def examine_csv(path: Path, name: str, workplace: Path, size: int, changed: int) -> CsvFile:
    """How the CSV file is to be read; `size` and `changed` are its stamp. Raises ValueError with a
    sentence where it cannot be read at all."""
    delimiter, columns, is_first_line = read_header(path, name)
    # Of a header that is not the first line, and no other, the engine silently makes rows, or none.
    if is_first_line and is_sound(path, delimiter, columns):
        return CsvFile(delimiter, columns)
    workplace.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = hashlib.sha256(f"{path} {size} {changed}".encode()).hexdigest()[:16]
    mended, lines = workplace / f"{key}.csv", workplace / f"{key}.lines.csv"
    if not lines.exists():
        mend(path, name, delimiter=delimiter, columns=columns, mended=mended, lines=lines)
    return CsvFile(delimiter, columns, mended=mended, lines=lines)


def read_header(path: Path, name: str) -> tuple[str, tuple[str, ...], bool]:
    """The delimiter and the column names of a CSV file, no name twice, and whether they are its
    first line, and no other. Raises ValueError where the file is no text in UTF-8, empty, or
    separated by something else."""
    try:
        with open_bytes(path) as file:
            head = file.read(HEAD_BYTES)
    except (OSError, EOFError) as error:
        if isinstance(error, PermissionError):
            raise ValueError(f"The raw file {name} may not be read: {error.strerror}.") from None
        raise ValueError(
            f"The raw file {name} cannot be unpacked: it is damaged or not compressed as its "
            "ending says. Have it written anew."
        ) from None
    kind = guess_kind(head)
    if kind:
        raise ValueError(
            f"The raw file {name} cannot be read as CSV: it seems to be {kind}. "
            "Save it as CSV in UTF-8, or as Parquet."
        )
    whole = head.decode("utf-8-sig", errors="replace")
    text = whole.lstrip("\r\n")
    # A name between quotes may hold a line break, or what separates the others.
    outside = re.split(r"[\r\n]", re.sub(r'"[^"]*"', "name", text), maxsplit=1)[0]
    if not outside.strip():
        raise ValueError(
            f"The raw file {name} is empty: not even a line of column names is in it. Have it "
            "written anew, or take it away."
        )
    counts = {mark: outside.count(mark) for mark in (DELIMITERS | OTHER_DELIMITERS)}
    delimiter = max(counts, key=lambda mark: counts[mark])
    if delimiter in OTHER_DELIMITERS:
        raise ValueError(
            f"The raw file {name} cannot be read: its columns seem to be separated by "
            f"{OTHER_DELIMITERS[delimiter]}. Write it with commas or semicolons between them."
        )
    header = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    is_first_line = text == whole and not any(re.search(r"[\r\n]", name) for name in header)
    return delimiter, name_columns(header), is_first_line


def name_columns(header: Iterable[str]) -> tuple[str, ...]:
    """Column names of which none is blank or there twice; each in one line.

    >>> name_columns(["id", " Email", "email", "", "two\\nlines"])
    ('id', 'Email', 'email_2', 'column_4', 'two lines')
    """
    names: list[str] = []
    taken: set[str] = set()
    for number, text in enumerate(header, start=1):
        name = first = " ".join(text.split()) or f"column_{number}"
        copy = 2
        while name.lower() in taken:
            name, copy = f"{first}_{copy}", copy + 1
        taken.add(name.lower())
        names.append(name)
    return tuple(names)


def guess_kind(head: bytes) -> str:
    """What a file that is no CSV in UTF-8 seems to be, from its first bytes; blank where nothing
    speaks against that.

    >>> guess_kind("lead_id,email".encode("utf-16"))
    'text in UTF-16'
    >>> guess_kind(b"lead_id,email")
    ''
    """
    for start, kind in MAGIC.items():
        if head.startswith(start):
            return kind
    for start, encoding in ENCODINGS.items():
        if head.startswith(start):
            return f"text in {encoding}"
    zeros = head.count(0)
    if zeros * 3 > len(head) and (head[1::2].count(0) == zeros or head[::2].count(0) == zeros):
        return "text in UTF-16"
    if zeros * 100 > len(head) or b"\0" in re.split(rb"[\r\n]", head, maxsplit=1)[0]:
        return "a binary file"
    return ""


def is_sound(path: Path, delimiter: str, columns: Sequence[str]) -> bool:
    """Whether the engine can read every line of the file by the letter."""
    counts = ", ".join(f'count("{quote_name(name)}")' for name in columns)
    with open_engine().cursor() as connection:
        try:
            connection.execute(f"select {counts} from {write_reader(path, delimiter, columns)}")
        except duckdb.Error:
            return False
        return True


@lru_cache(maxsize=1)
def open_engine() -> duckdb.DuckDBPyConnection:
    """An engine of its own that looks at files and keeps nothing; to start one takes longer than to
    look at a file."""
    return duckdb.connect()


def write_reader(path: Path, delimiter: str, columns: Sequence[str]) -> str:
    """The engine's call that reads one CSV file, every column as text. The macro
    `read_files` writes the same for many."""
    names = ", ".join(f"{quote(name)}: 'varchar'" for name in columns)
    compression = COMPRESSIONS.get(path.suffix.lower(), "none")
    return (
        f"read_csv({quote(path)}, auto_detect = false, header = true, delim = '{delimiter}', "
        f"quote = '\"', escape = '\"', compression = '{compression}', columns = {{{names}}})"
    )


def open_bytes(path: Path) -> BinaryIO:
    """The bytes of a file, unpacked. Raises OSError where it cannot be unpacked."""
    if path.suffix.lower() == ".gz":
        return gzip.open(path)
    if path.suffix.lower() == ".zst":
        # Python unpacks Zstandard itself from 3.14 on.
        import pyarrow

        return pyarrow.CompressedInputStream(str(path), "zstd")
    return path.open("rb")


def mend(
    path: Path, name: str, *, delimiter: str, columns: Sequence[str], mended: Path, lines: Path
) -> None:
    """Write to `mended` all rows of a CSV file that can be read, and to `lines` what of it cannot
    be (line_number, reason, line). `lines` is there only when both are whole."""
    csv.field_size_limit(LONGEST_LINE)
    partial = lines.with_suffix(".partial")
    try:
        with (
            open_bytes(path) as file,
            io.TextIOWrapper(
                file, encoding="utf-8-sig", errors="surrogateescape", newline=None
            ) as text,
            open_private(mended) as rows,
            open_private(partial) as faults,
        ):
            # One kind of line end, as values may hold line breaks: of two the engine loses rows.
            good = csv.writer(rows, lineterminator="\n")
            bad = csv.writer(faults, lineterminator="\n")
            good.writerow(columns)
            bad.writerow(["line_number", "reason", "line"])
            for number, record, reason, line in read_records(text, delimiter, len(columns)):
                if reason:
                    shown = line[:KEPT_CHARACTERS].encode("utf-8", errors="replace").decode()
                    bad.writerow([number, reason, shown])
                elif record:
                    good.writerow(record)
    except (OSError, EOFError):
        raise ValueError(
            f"The raw file {name} cannot be unpacked to its end: it is damaged or not whole. Have "
            "it written anew."
        ) from None
    partial.replace(lines)


def open_private(path: Path) -> TextIO:
    """A new file that none but its owner may read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    return open(descriptor, "w", encoding="utf-8", newline="")


def read_records(
    text: TextIO, delimiter: str, width: int
) -> Iterator[tuple[int, list[str] | None, str | None, str]]:
    """Each row below the header of a CSV text of `width` columns: the number of its first line, its
    values or None, what is wrong with it or None, its first line.

    A line that opens a quote goes on in the next ones, if that makes a row; otherwise that line
    alone is wrong, and the next one is read for itself.
    """
    ahead: deque[tuple[int, str]] = deque()
    source = number_lines(text)
    is_header = True

    def look(position: int) -> tuple[int, str] | None:
        while len(ahead) <= position:
            following = next(source, None)
            if following is None:
                return None
            ahead.append(following)
        return ahead[position]

    while (first := look(0)) is not None:
        ahead.popleft()
        number, line = first
        if not line.strip():
            continue
        record, reason = read_record(line, delimiter, width)
        joined = line
        for position in range(MOST_LINES_OF_A_ROW):
            following = look(position) if reason == OPEN_QUOTE else None
            if following is None or len(joined) > LONGEST_LINE:
                break
            joined += "\n" + following[1]
            if '"' in following[1]:
                whole, fault = read_record(joined, delimiter, width)
                if fault != OPEN_QUOTE:
                    if whole:
                        record, reason = whole, None
                        for _ in range(position + 1):
                            ahead.popleft()
                    break
        if is_header:
            is_header = False
            continue
        yield number, record, reason, line


OPEN_QUOTE = "opens a quote that is never closed"


def read_record(line: str, delimiter: str, width: int) -> tuple[list[str] | None, str | None]:
    """The values of one row, or what is wrong with it.

    >>> read_record('a,"b, c"', ",", 2)
    (['a', 'b, c'], None)
    >>> read_record('a,"b" c', ",", 2)
    (None, 'has a quote in the middle of a value')
    """
    if len(line) > LONGEST_LINE:
        return None, f"has more than {LONGEST_LINE:,} characters"
    if not line.isascii() and any("\ud800" <= character <= "\udfff" for character in line):
        return None, "is not UTF-8: save the file in that encoding"
    if '"' in line:
        try:
            record = next(
                csv.reader(io.StringIO(line, newline=""), delimiter=delimiter, strict=True)
            )
        except csv.Error as error:
            if "unexpected end of data" in str(error):
                return None, OPEN_QUOTE
            return None, "has a quote in the middle of a value"
    else:
        record = line.split(delimiter)
    if len(record) != width:
        fields = "1 field" if len(record) == 1 else f"{len(record)} fields"
        return None, f"has {fields} instead of {width}"
    return record, None


def number_lines(text: TextIO) -> Iterator[tuple[int, str]]:
    """The lines of a text with their numbers, from 1; of a line that is too long no more than it
    takes to see that."""
    number = 0
    while line := text.readline(LONGEST_LINE + 2):
        number += 1
        rest = line
        while rest and not rest.endswith("\n"):
            rest = text.readline(LONGEST_LINE)
        yield number, line.rstrip("\n")
