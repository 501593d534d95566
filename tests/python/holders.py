"""What belongs here: other processes that hold a lock or a file, as other runs and readers do."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


@contextmanager
def hold_elsewhere(code: str, file: Path) -> Iterator[int]:
    """Another process that has run `code` with the name of `file` in sys.argv[1] and keeps what it
    opened while the block runs; gives its id."""
    process = subprocess.Popen(
        [sys.executable, "-c", f"{code}\nprint('holds', flush=True)\ninput()", str(file)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout.readline() == b"holds\n"
    try:
        yield process.pid
    finally:
        process.kill()
        process.communicate()


def hold_lock_elsewhere(file: Path):
    """Another run that has the lock `file`; gives its process."""
    return hold_elsewhere(
        "import sys; from pathlib import Path\n"
        "from orchestration.lib.basics.locks import take_lock\n"
        "lock = take_lock(Path(sys.argv[1]), wait_seconds=0)",
        file,
    )


def hold_file_elsewhere(file: Path):
    """Another process that has the DuckDB file open for writing; gives its id."""
    return hold_elsewhere("import sys, duckdb; held = duckdb.connect(sys.argv[1])", file)
