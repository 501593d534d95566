"""What belongs here: the files that the project writes beside warehouse and publications, and what
of a person is in them: logs, records of runs, copies to try things out in, what was refused."""

import os
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path

from orchestration.lib.basics.settings import Settings

# Folders of an installation that the project writes into.
OWN_FOLDERS = (".dagster", "build", "logs", "target")

# Copies of a warehouse to try things out in and of raw files that had to be mended, and what dbt
# keeps of its reading: they are made anew.
SCRATCH = re.compile(r"\.(duckdb(\.wal)?|parquet|msgpack|tmp)$|\.mended/")

ERASED = b"[erased]"

# So many bytes of a file are looked at at a time.
CHUNK = 2**24


def list_own_files(settings: Settings) -> Iterator[Path]:
    """Every file that the project keeps: what lies beside the warehouse by its name, the
    publications, and its own folders. Links are not followed."""
    warehouse = settings.warehouse
    places = [settings.published, *(settings.project / folder for folder in OWN_FOLDERS)]
    stem = warehouse.name.split(".")[0]
    beside = [path for path in warehouse.parent.glob("*") if path.name.lstrip(".").startswith(stem)]
    places += [path for path in beside if path.is_dir()]
    seen = {path for path in beside if path.is_file()}
    yield from sorted(seen)
    for place in places:
        for folder, _, names in os.walk(place):
            for name in sorted(names):
                path = Path(folder, name)
                if path.is_file() and not path.is_symlink() and path not in seen:
                    seen.add(path)
                    yield path


def write_as_bytes(texts: Sequence[str]) -> list[bytes]:
    """`texts` as they stand in files, in lower case: also as JSON writes letters that are not
    English.

    >>> write_as_bytes(["Zoë"])
    [b'zo\\xc3\\xab', b'zo\\\\xeb']
    """
    written = dict.fromkeys(
        form
        for text in texts
        for form in (text.encode().lower(), text.encode("unicode_escape").lower())
    )
    return list(written)


def find_in_file(path: Path, written: Sequence[bytes]) -> bool:
    """Whether a file has the bytes of one of these texts, in whatever case; one that another
    process has deleted since it was listed has nothing."""
    longest = max(map(len, written), default=1)
    rest = b""
    with suppress(FileNotFoundError), path.open("rb") as file:
        while chunk := file.read(CHUNK):
            content = rest + chunk.lower()
            if any(text in content for text in written):
                return True
            rest = content[-longest:]
    return False


def clean_file(path: Path, written: Sequence[bytes]) -> str:
    """Take these texts out of a file that is no warehouse and no publication; returns what was
    done: deleted, or written over."""
    pattern = re.compile(b"|".join(map(re.escape, written)), re.IGNORECASE)
    if SCRATCH.search(str(path)):
        path.unlink()
        return "deleted"
    if path.read_bytes()[:15] == b"SQLite format 3":
        clean_sqlite(path, pattern)
        return "written over"
    content = pattern.sub(ERASED, path.read_bytes())
    put_in_place(path, lambda fresh: fresh.write_bytes(content))
    return "written over"


def put_in_place(file: Path, write: Callable[[Path], object]) -> None:
    """Have `write` make a file beside `file`, and put it in its place: who has the old one open
    goes on reading it. The mode stays."""
    fresh = file.with_name(f".{file.name}.fresh")
    fresh.unlink(missing_ok=True)
    write(fresh)
    fresh.chmod(file.stat().st_mode)
    os.replace(fresh, file)


def clean_sqlite(path: Path, pattern: re.Pattern[bytes]) -> None:
    """Write over what the pattern finds in the texts of an SQLite file, as Dagster keeps its
    records in."""

    def erase(text: str | bytes | None) -> str | bytes | None:
        if isinstance(text, str):
            return pattern.sub(ERASED, text.encode()).decode()
        return pattern.sub(ERASED, text) if isinstance(text, bytes) else text

    with closing(sqlite3.connect(path)) as connection:
        connection.create_function("erase", 1, erase, deterministic=True)
        connection.execute("pragma secure_delete = on")
        tables = connection.execute("select name from sqlite_master where type = 'table'")
        for (table,) in tables.fetchall():
            columns = connection.execute(f'pragma table_info("{table}")').fetchall()
            changes = ", ".join(f'"{name}" = erase("{name}")' for _, name, *_ in columns)
            connection.execute(f'update "{table}" set {changes}')
        connection.commit()
        connection.execute("vacuum")
