"""What belongs here: how a command tells what it found, on standard output, and how it ends."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

import click

from orchestration.lib.basics.outcomes import Answer, Outcome, Refused, Unusable, WrongUse
from orchestration.lib.basics.progress import divert_output, print_problems
from orchestration.lib.basics.settings import PROJECT_ROOT

BUILD = PROJECT_ROOT / "build"


def tell(answer: Answer, *, as_json: bool) -> None:
    """Print an answer: its lines, or its document as JSON."""
    if as_json:
        print(json.dumps(answer.document, default=write_value, ensure_ascii=False, indent=2))
    else:
        tell_lines(answer.lines)


def tell_lines(lines: Sequence[str]) -> None:
    """Print lines."""
    print("\n".join(lines), flush=True)


def write_value(value: Any) -> Any:
    """What JSON has no word for: days and times in ISO format, decimals as numbers.

    >>> write_value(date(2026, 6, 30)), write_value(Decimal("2.5000")), write_value(Path("a"))
    ('2026-06-30', 2.5, 'a')
    """
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return str(value)


@contextmanager
def as_wrong_use() -> Iterator[None]:
    """Within the block a ValueError is about what was asked for or set."""
    try:
        yield
    except (WrongUse, Refused, Unusable):
        raise
    except ValueError as error:
        raise WrongUse(str(error)) from None


def warn(sentence: str) -> None:
    """Say something on the way."""
    print(sentence, file=sys.stderr, flush=True)


def find_log(name: str) -> Path:
    """Where what tools print goes: a file in the folder build/<name>, which is there then."""
    folder = BUILD / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}.log"


@contextmanager
def work_in(name: str, headline: str) -> Iterator[tuple[Path, TextIO]]:
    """Within the block what tools print goes to a log file; gives the folder build/<name> and where
    progress is told. A ValueError is said under `headline`, with the log file, and ends all."""
    log_file = find_log(name)
    try:
        with divert_output(log_file) as console:
            yield log_file.parent, console
    except ValueError as error:
        place = str(log_file.relative_to(PROJECT_ROOT))
        print_problems(headline, [str(error)], log_file=place)
        code = Outcome.REFUSED if isinstance(error, Refused) else Outcome.BROKEN
        raise click.exceptions.Exit(code) from None
