"""What belongs here: what all CRMs that are written to have in common: what one call may come to,
and how what they answer is told. Of an answer only codes and names of ours are told: its texts may
quote what was sent, or a secret.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

from orchestration.lib.basics.outcomes import WrongUse
from orchestration.lib.delivered.exchange import Reply, check_url, describe_status
from orchestration.lib.delivered.records import Record

# A call must stay well within a claim, also where a batch is taken apart. Records of Salesforce
# start flows of the organisation's own, which take their time.
CALL_SECONDS = 30.0

# How long to be quiet where a CRM says that a day's calls are used up, and not until when.
USED_UP_SECONDS = 3600.0

HERE = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class Verdict:
    """What a CRM says of one record: it has it where `words` are blank; else why not, whether that
    is for good (`is_final`), and at which id the record lies now, where it says so."""

    words: str = ""
    is_final: bool = False
    moved_to: str = ""


@dataclass(frozen=True)
class Result:
    """What one call came to, and for how many seconds the CRM asked for quiet.

    `answered`: a verdict per record, in their order. `refused`: the batch as a whole, nothing was
    written, one record or more is the cause. `turned_away`: nothing was written, too many calls.
    `failed`: nobody knows what was written.
    """

    kind: Literal["answered", "refused", "turned_away", "failed"]
    words: str = ""
    verdicts: Sequence[Verdict] = field(default_factory=list)
    quiet_seconds: float = 0.0


class Crm(Protocol):
    """A CRM whose records can be written: its name as a source and in words, how many records a
    call may have. `takes_bare_ids` says whether ids of leads without a source are its records."""

    name: str
    title: str
    batch_size: int
    takes_bare_ids: bool

    def finds_record(self, record_id: str) -> bool:
        """Whether an id can be one of this CRM's records."""

    def find_kind(self, record_id: str) -> str:
        """What kind of record it is; those of one call are all of one kind."""

    def write(self, records: Sequence[Record]) -> Result:
        """Write the changes of some records, none twice. Raises WrongUse where no call can succeed
        before a person has set something right; then nothing was written."""


def check_base_url(name: str, url: str, *, example: str) -> str:
    """The address of a CRM, without a slash at its end. Raises ValueError where it is none that a
    token may be sent to."""
    check_url(name, url, example=example)
    parts = urlsplit(url)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError(f"{name} holds more than an address: write it as {example}.")
    if parts.scheme != "https" and parts.hostname not in HERE:
        raise ValueError(
            f"{name} begins with http://, so that anybody on the way could read the token: write it"
            f" as {example}."
        )
    return url.rstrip("/")


def read_json(reply: Reply) -> Any:
    """What an answer holds; None where it is no JSON."""
    try:
        return json.loads(reply.body)
    except ValueError:
        return None


def keep_codes(values: Iterable[Any]) -> list[str]:
    """What of some values of an answer is a code, each once: capitals and `_` alone.

    >>> keep_codes(["OBJECT_NOT_FOUND", "Dear Ann Lee", None, "OBJECT_NOT_FOUND"])
    ['OBJECT_NOT_FOUND']
    """
    codes = [v for v in values if isinstance(v, str) and re.fullmatch(r"[A-Z][A-Z0-9_]{2,60}", v)]
    return list(dict.fromkeys(codes))


def name_properties(values: Iterable[Any], records: Sequence[Record]) -> list[str]:
    """What of some values of an answer is a property that was sent with `records`, each once."""
    sent = {name for record in records for name in record.changes}
    return [name for name in dict.fromkeys(v for v in values if isinstance(v, str)) if name in sent]


def describe_refusal(codes: Sequence[str], properties: Sequence[str] = ()) -> str:
    """Why a record was refused, in words.

    >>> describe_refusal(["INVALID_OPTION"], ["lead_tier"]), describe_refusal([])
    ('refused: INVALID_OPTION (lead_tier)', 'refused without a reason')
    """
    named = f" ({', '.join(properties)})" if properties else ""
    return f"refused: {', '.join(codes)}{named}" if codes else f"refused without a reason{named}"


def stop(title: str, what: str, *, to_do: str) -> WrongUse:
    """The complaint of a CRM that takes nothing before a person has set something right."""
    return WrongUse(
        f"{title} {what}. Nothing was written by that call, and what is due waits: {to_do}"
        " docs/how-to/write-back-to-the-crm.md says what it needs."
    )


def fail(reply: Reply, *, quiet_seconds: float = 0.0) -> Result:
    """A call of which nobody knows what was written."""
    words = reply.failure or describe_status(reply.status)
    return Result("failed", words, quiet_seconds=quiet_seconds)
