"""What belongs here: how a command can end, told apart for programs. Any other ValueError says that
something could not be done: raw data or a rule book that cannot work, a damaged or held file."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any


class Outcome(IntEnum):
    """The exit codes of the commands."""

    DONE = 0
    BROKEN = 1
    WRONG_USE = 2
    REFUSED = 3


@dataclass(frozen=True)
class Answer:
    """What a command tells: in lines for people, as one document for programs."""

    lines: list[str]
    document: dict[str, Any]


class WrongUse(ValueError):
    """What was asked for, or set, is not there or cannot be."""


class Unusable(ValueError):
    """A file or lock cannot be used: it is damaged, not allowed, or held by another process."""


class InUse(Unusable):
    """Another process has what is wanted."""


class Refused(ValueError):
    """A check has said no: what is live stays, and a person is to decide."""
