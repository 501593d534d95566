"""What belongs here: how a command tells on the console what it is at, while what its tools say
goes to a log file."""

import gc
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn, TextIO

# What `divert_output` keeps of the real output while it diverts the rest.
CONSOLES: list[TextIO] = []

SAID: set[str] = set()


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
    print(f"\n{headline}\n", file=sys.stderr)
    for sentence in sentences:
        print("  " + sentence.replace("\n", "\n  "), file=sys.stderr)
    print(f"\nThe full log is in {log_file}.", file=sys.stderr)


@contextmanager
def divert_output(log_file: Path) -> Iterator[TextIO]:
    """Send all that this process and its children print to `log_file`; gives the real output."""
    sys.stdout.flush()
    sys.stderr.flush()
    saved = os.dup(1), os.dup(2)
    with log_file.open("w") as log, os.fdopen(os.dup(1), "w") as console:
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


def leave(code: int) -> NoReturn:
    """End the process, without the second and a half that Python takes to look through all that
    dbt and Dagster hold for what refers to itself."""
    gc.freeze()
    sys.exit(code)
