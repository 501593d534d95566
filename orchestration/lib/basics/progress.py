"""What belongs here: how a command tells on the console what it is at, while what its tools say
goes to a log file."""

import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

# How wide text is where no terminal says so.
WIDTH = 100
NARROWEST = 60

# What `divert_output` keeps of the real errors' stream while it diverts the rest.
CONSOLES: list[TextIO] = []

SAID: set[str] = set()


class Unheard:
    """A stream whose reader may leave, as `head` does: what is printed then is lost, and the work
    goes on."""

    def __init__(self, stream: TextIO):
        """A stream in front of `stream`."""
        self.stream = stream

    def __getattr__(self, name: str) -> Any:
        """All else is as it was."""
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        """Write, or not."""
        try:
            return self.stream.write(text)
        except BrokenPipeError:
            self.forget_reader()
            return len(text)

    def flush(self) -> None:
        """Flush, or not."""
        try:
            self.stream.flush()
        except BrokenPipeError:
            self.forget_reader()

    def forget_reader(self) -> None:
        """Have what is still to be written go nowhere."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.stream.fileno())
        os.close(nowhere)


def find_width() -> int:
    """How many columns text may take: those of the terminal, else a hundred."""
    if not sys.stdout.isatty():
        return WIDTH
    return max(NARROWEST, min(WIDTH, shutil.get_terminal_size().columns))


def color(text: str, code: str) -> str:
    """`text` for the errors' stream, in red ("31") or yellow ("33") where that is a terminal that
    shows colours and nobody has set NO_COLOR."""
    is_plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return text if is_plain or not sys.stderr.isatty() else f"\x1b[{code}m{text}\x1b[0m"


def say(sentence: str) -> None:
    """Tell whoever waits in front of the command, also while output is diverted."""
    print(sentence, file=CONSOLES[-1] if CONSOLES else sys.stderr, flush=True)


def say_once(sentence: str) -> None:
    """Tell it, but not a second time in the same process."""
    if sentence not in SAID:
        SAID.add(sentence)
        say(sentence)


def count_things(number: int, thing: str) -> str:
    """A number with its noun.

    >>> count_things(1, "table"), count_things(0, "table"), count_things(1200, "lead")
    ('1 table', '0 tables', '1,200 leads')
    """
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def print_step(
    console: TextIO, name: str, what: str, seconds: float, *, has_failed: bool = False
) -> None:
    """One line of the progress."""
    end = "  failed" if has_failed else ""
    print(f"  {name:<12}{what:<46}{seconds:>8.1f} s{end}", file=console, flush=True)


@contextmanager
def time_step(console: TextIO, name: str, *what: str) -> Iterator[list[str]]:
    """Print a line of progress as the block ends; the block may say what it did."""
    started = time.monotonic()
    words = list(what)
    has_failed = True
    try:
        yield words
        has_failed = False
    finally:
        seconds = time.monotonic() - started
        print_step(console, name, " ".join(words), seconds, has_failed=has_failed)


def print_problems(headline: str, sentences: list[str], *, log_file: str) -> None:
    """Say what went wrong, and where the rest of it stands, as errors."""
    print(f"\n{color(headline, '31')}\n", file=sys.stderr)
    for sentence in sentences:
        print("  " + sentence.replace("\n", "\n  "), file=sys.stderr)
    print(f"\nThe full log is in {log_file}.", file=sys.stderr)


@contextmanager
def divert_output(log_file: Path) -> Iterator[TextIO]:
    """Send all that this process and its children print to `log_file`; gives the real stream of
    errors and messages, whose reader may leave."""
    sys.stdout.flush()
    sys.stderr.flush()
    saved = os.dup(1), os.dup(2)
    with log_file.open("w") as log, os.fdopen(os.dup(2), "w") as stream:
        console = Unheard(stream)
        # Those that were there before keep the mode they have.
        os.fchmod(log.fileno(), 0o600)
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        CONSOLES.append(console)
        try:
            yield console
        finally:
            CONSOLES.pop()
            sys.stdout.flush()
            sys.stderr.flush()
            for number, descriptor in enumerate(saved, start=1):
                os.dup2(descriptor, number)
                os.close(descriptor)
