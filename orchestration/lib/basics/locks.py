"""What belongs here: keeping two processes from working on the same thing at the same time."""

import errno
import fcntl
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import TypeVar
from weakref import WeakValueDictionary

from orchestration.lib.basics.outcomes import InUse
from orchestration.lib.basics.progress import say

# Who waits is told so after this many seconds, and again from time to time.
QUIET_SECONDS = 1.0
REPEAT_SECONDS = 30.0

# As much of a command as tells which one it is.
COMMAND_LENGTH = 120

# The locks that this process holds, by their resolved file. A lock is let go of when its file is
# closed, which happens by itself once nobody refers to it.
HELD: WeakValueDictionary[str, FileIO] = WeakValueDictionary()

Got = TypeVar("Got")


def find_lock(warehouse: Path) -> Path:
    """The lock that every process takes which writes into the warehouse.

    >>> find_lock(Path("/data/leads.duckdb")).name
    '.leads.duckdb.lock'
    """
    file = Path(os.path.realpath(warehouse))
    return file.with_name(f".{file.name}.lock")


class Busy(Exception):
    """Somebody else has what is wanted: `holder` is who, for those who wait, and `sentence` what is
    said where they waited in vain."""

    def __init__(self, holder: str, sentence: str):
        """Both are words for people."""
        super().__init__(sentence)
        self.holder = holder
        self.sentence = sentence


def wait_while_busy(attempt: Callable[[], Got], *, wait_seconds: float) -> Got:
    """What `attempt` returns, tried again while it raises Busy; says after a second who is waited
    for. Raises InUse where that lasts longer than `wait_seconds`."""
    started = time.monotonic()
    speaks_at = started + QUIET_SECONDS
    while True:
        try:
            return attempt()
        except Busy as busy:
            now = time.monotonic()
            if now - started > wait_seconds:
                raise InUse(busy.sentence) from None
            if now >= speaks_at:
                say(f"  waiting     for {busy.holder}: {now - started:.0f} s")
                speaks_at = now + REPEAT_SECONDS
            time.sleep(0.2)


@contextmanager
def hold_lock(file: Path, *, wait_seconds: float) -> Iterator[None]:
    """Keep others that want the lock `file` out while the block runs; a process that is killed
    loses it by itself.

    Raises ValueError where another one holds it longer than `wait_seconds`, or the file cannot be
    used as a lock.
    """
    with take_lock(file, wait_seconds=wait_seconds):
        yield


def take_lock(file: Path, *, wait_seconds: float) -> FileIO:
    """The lock `file`, held until what is returned is closed or forgotten. Raises as `hold_lock`
    does. Says after a second who is waited for."""
    lock = open_lock(file)

    def try_lock() -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = in_brackets(os.pread(lock.fileno(), 1000, 0).decode(errors="replace").strip())
            raise Busy(
                f"another run, which holds {file}{holder}",
                f"Another run is at work: it holds {file}{holder} and has not ended within "
                f"{wait_seconds:.0f} seconds. Let it end, then run again.",
            ) from None

    try:
        wait_while_busy(try_lock, wait_seconds=wait_seconds)
    except BaseException:
        lock.close()
        raise
    # For those who wait: nothing else is ever written into it.
    os.ftruncate(lock.fileno(), 0)
    os.pwrite(lock.fileno(), describe_process().encode(), 0)
    HELD[os.path.realpath(file)] = lock
    return lock


def is_held_here(file: Path) -> bool:
    """Whether this process holds the lock `file`."""
    lock = HELD.get(os.path.realpath(file))
    return lock is not None and not lock.closed


def open_lock(file: Path) -> FileIO:
    """The file of a lock, made where there is none. Raises ValueError where something else is in
    its place: who holds the lock is written into it, and that must not hit a file of others."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise ValueError(complain(file, "is a link")) from None
        raise ValueError(
            f"{file} cannot be used as the lock of a run: {error.strerror}. See that the folder "
            "belongs to you and can be written to."
        ) from None
    lock = FileIO(descriptor, "r+")
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        lock.close()
        raise ValueError(complain(file, "is linked to another file"))
    return lock


def complain(file: Path, what: str) -> str:
    """The sentence on a file that is in a lock's place."""
    return f"{file} {what}, where the lock of a run belongs: move it away, then run again."


def describe_process() -> str:
    """This process as others are told of it."""
    return f"process {os.getpid()}, {shorten(' '.join(sys.orig_argv))}"


def find_command(process: int) -> str | None:
    """The command of the process with that id; None where the system does not tell."""
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return None
    return shorten(words.replace("\0", " ").strip()) or None


def shorten(command: str) -> str:
    """A command in one line that is not too long.

    >>> shorten("python -c 'import\\n  duckdb'")
    "python -c 'import duckdb'"
    """
    line = " ".join(command.split())
    return line if len(line) <= COMMAND_LENGTH else line[:COMMAND_LENGTH] + " …"


def in_brackets(words: str) -> str:
    """`words` as an aside; nothing where there are none.

    >>> in_brackets("process 7"), in_brackets("")
    (' (process 7)', '')
    """
    return f" ({words})" if words else ""
