"""What belongs here: exports brought into the contract, and what is told of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from orchestration.lib.basics.outcomes import Answer
from orchestration.lib.basics.progress import count_things
from orchestration.lib.exports.mapping import (
    OBJECTS,
    name_mapping,
    propose,
    read_mapping,
    write_mapping,
)
from orchestration.lib.exports.reading import Export, open_export
from orchestration.lib.exports.writing import Written, find_date_format, find_decimal, write_table


def bring(files: Sequence[Path], out: Path) -> Answer:
    """Bring exports into raw tables below the folder `out`, each by the mapping beside it, which is
    proposed where there is none. Raises WrongUse where a file or a mapping cannot be used."""
    lines: list[str] = []
    documents = []
    for file in files:
        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'UTC'")
            export = open_export(connection, file)
            path = name_mapping(file)
            told: list[str] = []
            is_new = not path.exists()
            if is_new:
                mapping, told = propose(export.titles, file=file)
                mapping.date_format, doubt = find_date_format(connection, export, mapping)
                mapping.decimal = find_decimal(connection, export, mapping)
                told += [doubt] if doubt else []
                write_mapping(path, mapping)
            mapping = read_mapping(path, export.titles)
            written = write_table(connection, export, mapping, out)
        told += [sentence for one in written for sentence in one.told]
        lines += describe(export, written, told, path=path, is_new=is_new, table=mapping.table)
        documents.append(document(export, written, told, path=path, table=mapping.table))
    lines += [
        "",
        "Look at the mappings; where one is wrong, change it and run the same command again.",
        "Then score, apart from what else is scored here, as the sample:",
        f"  leads run --raw {out} --warehouse {out}-scored/leads.duckdb"
        f" --published {out}-scored/published",
    ]
    return Answer(lines, {"out": out, "exports": documents})


def describe(
    export: Export,
    written: Sequence[Written],
    told: Sequence[str],
    *,
    path: Path,
    is_new: bool,
    table: str,
) -> list[str]:
    """What became of one export, in lines."""
    rows = written[0]
    empty = [column for column, count in rows.filled.items() if not count]
    lines = [
        "",
        f"{export.file}: {OBJECTS[table]}, {count_things(export.rows, 'row')}"
        + (f", {export.cut} lines below them cut" if export.cut else "")
        + (f", read as {export.encoding}" if export.encoding != "utf-8" else ""),
        f"  mapping   {path}  ({'proposed' if is_new else 'as it was'})",
        *(
            f"  {'.'.join(one.file.parts[-3:-1]):<22}{one.rows:>9,} rows in {one.file}"
            for one in written
        ),
        "  filled    "
        + ", ".join(
            f"{column} {count / max(rows.rows, 1):.0%}"
            for column, count in rows.filled.items()
            if count and column not in ("_loaded_at", "updated_at")
        ),
    ]
    if empty:
        lines.append(f"  empty     {', '.join(empty)}")
    return lines + [f"  NOTE      {sentence}" for sentence in told]


def document(
    export: Export, written: Sequence[Written], told: Sequence[str], *, path: Path, table: str
) -> dict[str, Any]:
    """The same for programs."""
    return {
        "file": export.file,
        "table": table,
        "mapping": path,
        "rows": export.rows,
        "cut": export.cut,
        "encoding": export.encoding,
        "exported_at": export.exported_at.isoformat(),
        "written": [{"file": one.file, "rows": one.rows, "filled": one.filled} for one in written],
        "notes": list(told),
    }
