"""What belongs here: a rule book as it stands on one day, so that past days can be scored by it: on
them its newest rows would not count yet, and those that have ended still would."""

import csv
from datetime import date, timedelta
from pathlib import Path

from orchestration.lib.basics.rule_book_files import read_day, read_rows

# Rows that stand count from the first of these days to the second; each of the others is put on a
# day of its own after it, which no run ever scores.
FROM, TO = "1900-01-01", date(9000, 1, 1)


def find_last_start(rules: Path) -> date | None:
    """The day on which the last row of the rule book begins; None where none says when.
    A day that cannot be read is for dbt to complain of."""
    starts = [
        day
        for file in rules.glob("*.csv")
        for row in read_rows(file)
        if (day := read_day(row.get("valid_from", "")))
    ]
    return max(starts, default=None)


def write_standing(rules: Path, folder: Path, *, day: date) -> Path:
    """Write the rule book as it stands on `day` into `folder`, made anew, and return that. Every
    row keeps its place, so that complaints name the row of the file itself."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*.csv"):
        file.unlink()
    for file in sorted(rules.glob("*.csv")):
        rows = read_rows(file)
        if not rows or "valid_from" not in rows[0]:
            (folder / file.name).write_bytes(file.read_bytes())
            continue
        with (folder / file.name).open("w", newline="", encoding="utf-8") as opened:
            writer = csv.DictWriter(opened, list(rows[0]))
            writer.writeheader()
            writer.writerows(place_row(row, number, day=day) for number, row in enumerate(rows))
    return folder


def place_row(row: dict[str, str], number: int, *, day: date) -> dict[str, str]:
    """A row with the period that it gets; one whose period cannot be read stays as it is.

    >>> place_row({"valid_from": "2026-01-01", "valid_to": ""}, 0, day=date(2026, 6, 30))
    {'valid_from': '1900-01-01', 'valid_to': '9000-01-01'}
    >>> place_row({"valid_from": "2025-01-01", "valid_to": "2026-01-01"}, 3, day=date(2026, 6, 30))
    {'valid_from': '9000-01-04', 'valid_to': '9000-01-05'}
    """
    begins, ends = read_day(row["valid_from"]), read_day(row.get("valid_to", ""))
    if not begins or (row.get("valid_to", "").strip() and not (ends and begins < ends)):
        return row
    if begins <= day and (ends is None or day < ends):
        return {**row, "valid_from": FROM, "valid_to": f"{TO}"}
    own = TO + timedelta(days=number)
    return {**row, "valid_from": f"{own}", "valid_to": f"{own + timedelta(days=1)}"}
