"""What belongs here: what every mapping from downloaded files to the raw contract needs. Reading a
CSV file without losing a row, reading days, writing raw tables."""

import argparse
import csv
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

Row = dict[str, str]


def read_rows(
    path: Path, columns: Sequence[str], *, source: str, delimiter: str = ","
) -> list[Row]:
    """The rows of a CSV file as text by column, blanks trimmed.

    Raises ValueError where the file is missing (`source` says where to get it), is no UTF-8 text,
    has no row, lacks one of `columns`, or has a row with more or fewer fields than the header.
    """
    if not path.is_file():
        raise ValueError(f"There is no file {path}. {source}")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(
                list_rows(csv.reader(file, delimiter=delimiter, strict=True), path, columns)
            )
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text ({error.reason}). {source}") from error
    except csv.Error as error:
        raise ValueError(f"{path} cannot be read as CSV: {error}. {source}") from error
    if not rows:
        raise ValueError(f"{path} holds no rows. {source}")
    return rows


def list_rows(lines: Iterator[list[str]], path: Path, columns: Sequence[str]) -> Iterator[Row]:
    """The rows of a CSV reader, which stands before the header; raises as `read_rows` does."""
    header = [name.strip() for name in next(lines, [])]
    lacking = [name for name in columns if name not in header]
    if lacking:
        raise ValueError(
            f"{path} has no column {', '.join(lacking)}. Its header is: {', '.join(header)[:200]}"
        )
    for fields in lines:
        if not fields:
            continue
        if len(fields) != len(header):
            raise ValueError(
                f"{path}, line {lines.line_num}: {len(fields)} fields under a header of "
                f"{len(header)}, so it is unclear which is which. Correct the line, or download "
                "the file anew."
            )
        yield {name: field.strip() for name, field in zip(header, fields, strict=True)}


def rewrite_time(text: str, form: str) -> str:
    """A time written as `form` (of strptime) as `2018-02-26 19:58:00`; what cannot be read stays
    as it is, so that staging sets the row aside and says why.

    >>> rewrite_time("26-02-2018", "%d-%m-%Y"), rewrite_time("31-02-2018", "%d-%m-%Y")
    ('2018-02-26 00:00:00', '31-02-2018')
    """
    try:
        return datetime.strptime(text, form).isoformat(sep=" ")
    except ValueError:
        return text


def write_table(out: Path, table: str, rows: Sequence[Row]) -> None:
    """Write the raw table `table` (`crm.leads`) as a Parquet file of text columns under `out`.

    The file appears whole or not at all.
    """
    source, _, name = table.partition(".")
    path = out / source / f"{name}.parquet"
    partial = path.with_suffix(".partial")
    path.parent.mkdir(parents=True, exist_ok=True)
    schema = pa.schema([(column, pa.string()) for column in rows[0]])
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), partial)
    os.replace(partial, path)


def run_mapping(
    prepare: Callable[[Path, Path], list[str]], name: str, arguments: list[str] | None = None
) -> int:
    """Run `prepare(data, out)` from the command line and print its sentences; returns the exit
    code, 2 where the data cannot be mapped."""
    parser = argparse.ArgumentParser(
        prog=f"python -m examples.{name}.prepare",
        description="Map the downloaded files to the raw tables of the input contract.",
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the downloaded files")
    parser.add_argument("--out", type=Path, required=True, help="folder for the raw tables")
    asked = parser.parse_args(arguments)
    try:
        sentences = prepare(asked.data, asked.out)
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print("\n".join(sentences))
    return 0
