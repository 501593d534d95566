"""What belongs here: whether the CSV files of the rule book can be read at all, and how. What
stands in them is judged by dbt (models/rule_book), cell by cell; what a CSV reader stumbles over
before that, it tells without the file's name. And which rule book it is."""

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

# What spreadsheets separate columns by: commas, semicolons where the comma is the decimal point,
# and tabs.
DELIMITERS = ",;\t"

SAVE_AS = 'save it as "CSV UTF-8"'

# Of more problems than that in one file the rest follows from the first ones.
PROBLEMS_PER_FILE = 5


def list_rule_book_files(rules: Path, *, project: Path) -> list[Path]:
    """The CSV files that a run with the rule book `rules` reads: its own, those that stand in for
    what it lacks (seeds/shipped), and the reference lists."""
    seeds = project / "seeds"
    folders = [rules, seeds / "shipped" / "seeds" / "none", seeds / "rules", seeds / "reference"]
    files: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.csv")):
            files.setdefault(path.name, path)
    return list(files.values())


def check_rule_book_files(files: Iterable[Path]) -> None:
    """ValueError with a sentence per CSV file, or row of one, in `files` that cannot be read."""
    problems = [
        f"{path.name}: {problem}"
        for path in files
        for problem in find_problems(path.read_bytes())[:PROBLEMS_PER_FILE]
    ]
    if problems:
        raise ValueError(
            f"The rule book cannot be read ({len(problems)} problem(s) found):\n- "
            + "\n- ".join(problems)
        )


def find_delimiter(content: bytes) -> str:
    """What separates the columns of a CSV file: what of DELIMITERS stands in its header, a comma
    where none does.

    >>> [find_delimiter(header) for header in (b"a,b", b"\\xef\\xbb\\xbfa;b\\n1,5;2", b"attribute")]
    [',', ';', ',']
    """
    header = content.splitlines()[0] if content else b""
    return next((mark for mark in DELIMITERS if mark.encode() in header), ",")


def find_problems(content: bytes) -> list[str]:
    """What keeps a CSV file from being read, in sentences; rows are numbered as a spreadsheet shows
    them, the header being row 1.

    >>> find_problems(b"tier,enter_at\\nsales,65\\n\\n")
    []
    >>> find_problems(b"tier,enter_at\\nsales,call,65\\n")  # doctest: +ELLIPSIS
    ['row 2 has 3 cells, but the header has 2: put quotes around a text that holds a comma, ...']
    """
    problem = find_wrong_encoding(content)
    if problem:
        return [problem]
    text = content.decode("utf-8-sig")
    if not text.strip():
        return ["is empty: it must hold its header line, and may hold nothing else."]
    delimiter = find_delimiter(content)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    started = 1
    try:
        for row in reader:
            rows.append(row)
            started = reader.line_num + 1
    except csv.Error:
        return [
            f"row {len(rows) + 1}, on line {started}, has a quotation mark that is not closed, or"
            ' has text behind it: write a quotation mark inside a quoted text twice, as ""so"".'
        ]
    return list(describe_rows(rows, delimiter=delimiter))


def find_wrong_encoding(content: bytes) -> str:
    """Why these bytes are no text in UTF-8, and what they seem to be, in a sentence; empty where
    they are.

    >>> find_wrong_encoding("tier\\nüber".encode("cp1252"))
    'line 2 is not UTF-8, it seems to be Windows-1252 or Latin-1: save it as "CSV UTF-8".'
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content:
        return f'is not UTF-8, it seems to be UTF-16 ("Unicode text"): {SAVE_AS}.'
    try:
        content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return f"line {line} is not UTF-8, it seems to be Windows-1252 or Latin-1: {SAVE_AS}."
    return ""


def describe_rows(rows: list[list[str]], *, delimiter: str) -> Iterator[str]:
    """A sentence per row of a file that is not like its header. Blank rows at the end are none."""
    header = [name.strip().lower() for name in rows[0]]
    if header[0].startswith("sep="):
        yield "row 1 is a note for spreadsheets and not the header: delete it."
        return
    repeated = {name for name in header if name and header.count(name) > 1}
    if repeated:
        yield f"row 1 names the column {', '.join(sorted(repeated))} twice: delete one of them."
    mark = {",": "comma", ";": "semicolon", "\t": "tab"}[delimiter]
    last = max(number for number, row in enumerate(rows, start=1) if any(map(str.strip, row)))
    for number, row in enumerate(rows[:last], start=1):
        cells = f"row {number} has {len(row)} cell{'' if len(row) == 1 else 's'}"
        if not any(map(str.strip, row)):
            yield f"row {number} is blank: delete it."
        elif len(row) > len(header):
            yield (
                f"{cells}, but the header has {len(header)}: put quotes around a text that holds a"
                f" {mark}, and delete what stands behind the last column."
            )
        elif len(row) < len(header):
            yield (
                f"{cells}, but the header has {len(header)}: every column needs its {mark}, also"
                " where its cell is empty."
            )


def hash_rules(rules: Path) -> str:
    """One SHA-256 over the rule book: the names and the content of its CSV files."""
    lines = [
        f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n"
        for path in sorted(rules.glob("*.csv"))
    ]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def turns_between(rules: Path, after: date, until: date) -> bool:
    """Whether a row of the rule book begins or ends after one day and not after the other."""
    return any(
        after < day <= until
        for file in rules.glob("*.csv")
        for row in read_rows(file)
        for name in ("valid_from", "valid_to")
        if (day := read_day(row.get(name, "")))
    )


def read_rows(file: Path) -> list[dict[str, str]]:
    """The rows of a CSV file of the rule book by their column, without blank ones."""
    content = file.read_bytes()
    reader = csv.reader(
        io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=find_delimiter(content)
    )
    header = [name.strip().lower() for name in next(reader, [])]
    return [dict(zip(header, row, strict=True)) for row in reader if any(map(str.strip, row))]


def read_day(text: str) -> date | None:
    """The day that `text` is; None where it is none."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None
