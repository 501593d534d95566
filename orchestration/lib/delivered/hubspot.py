"""What belongs here: writing properties of HubSpot's contacts: where, in which shape, and what each
answer means. Contacts are updated by their record id; none is ever made.
"""

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orchestration.lib.basics.variables import read_given
from orchestration.lib.delivered.crm import (
    CALL_SECONDS,
    USED_UP_SECONDS,
    Result,
    Verdict,
    check_base_url,
    describe_refusal,
    fail,
    keep_codes,
    name_properties,
    read_json,
    stop,
)
from orchestration.lib.delivered.delivery import read_clock
from orchestration.lib.delivered.exchange import Reply, ask, describe_status, read_retry_after
from orchestration.lib.delivered.records import Record

URL = "https://api.hubapi.com"
VERSION = "2026-09"

# Of what is wrong with one record these do not pass.
FINAL = {
    "OBJECT_NOT_FOUND", "VALIDATION_ERROR", "INVALID_OPTION", "INVALID_INTEGER", "INVALID_LONG",
    "INVALID_DATE", "CONFLICT",
}  # fmt: skip

# These are wrong with every record: the property is not there, or cannot be written.
OF_ALL = {"PROPERTY_DOESNT_EXIST", "READ_ONLY_VALUE"}

# How long to wait where too many calls came and no Retry-After says it, by the window's name.
WAITS = {"SECONDLY": 1.0, "TEN_SECONDLY_ROLLING": 10.0, "DAILY": USED_UP_SECONDS}
LOCKED_SECONDS = 2.0


@dataclass
class HubSpot:
    """HubSpot, as one token may write to it."""

    token: str = field(repr=False)
    url: str = URL
    version: str = VERSION
    takes_bare_ids: bool = True
    seconds: float = CALL_SECONDS
    clock: Callable[[], datetime] = field(default=read_clock, repr=False)

    name = "hubspot"
    title = "HubSpot"
    batch_size = 100

    def finds_record(self, record_id: str) -> bool:
        """Whether an id can be that of a contact: digits.

        >>> HubSpot("t").finds_record("501"), HubSpot("t").finds_record("L1")
        (True, False)
        """
        return record_id.isascii() and record_id.isdecimal()

    def find_kind(self, record_id: str) -> str:
        """Contacts all of them."""
        return "contacts"

    def write(self, records: Sequence[Record]) -> Result:
        """Write the changes of some contacts in one call. Raises WrongUse where the token, its
        scopes, the address or a property is not right."""
        place = "v3/objects" if self.version == "v3" else f"objects/{self.version}"
        inputs = [
            {
                "id": record.record_id,
                "properties": {name: write_value(v) for name, v in record.changes.items()},
                "objectWriteTraceId": record.record_id,
            }
            for record in records
        ]
        reply = ask(
            "POST",
            f"{self.url}/crm/{place}/contacts/batch/update",
            headers={
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
                "User-Agent": "lead-scoring-warehouse",
            },
            body=json.dumps({"inputs": inputs}, ensure_ascii=False).encode(),
            seconds=self.seconds,
        )
        return self.judge(reply, records)

    def judge(self, reply: Reply, records: Sequence[Record]) -> Result:
        """What an answer to a batch means."""
        status, found = reply.status, read_json(reply)
        answer = found if isinstance(found, dict) else {}
        quiet = read_retry_after(reply.headers.get("Retry-After", ""), at=self.clock())
        if 200 <= status < 300:
            if not isinstance(answer.get("results"), list):
                return Result("failed", f"{describe_status(status)} without results")
            return Result("answered", verdicts=judge_records(answer, records))
        if status == 429:
            wait = WAITS.get(str(answer.get("policyName")), WAITS["TEN_SECONDLY_ROLLING"])
            return Result("turned_away", describe_status(status), quiet_seconds=quiet or wait)
        if status == 423:
            return fail(reply, quiet_seconds=max(quiet, LOCKED_SECONDS))
        if status in (0, 408, 425, 477) or status >= 500:
            return fail(reply, quiet_seconds=quiet)
        if status == 401:
            raise stop(
                self.title,
                "does not take the token (401)",
                to_do="it has expired, was withdrawn or is another account's: set"
                " LEADS_HUBSPOT_TOKEN anew.",
            )
        if status == 403:
            raise stop(
                self.title,
                "does not let this token write contacts (403)",
                to_do="give it the scope crm.objects.contacts.write.",
            )
        if status == 404 or 300 <= status < 400:
            raise stop(
                self.title,
                f"{describe_status(status)}, so that there is nothing at this address",
                to_do="check LEADS_HUBSPOT_URL and LEADS_HUBSPOT_VERSION.",
            )
        # Codes and names stand in the message too, as JSON.
        text = str(answer.get("message", ""))
        codes = keep_codes(
            [
                answer.get("subCategory"),
                *re.findall(r'"error"\s*:\s*"([A-Z_]+)"', text),
                *[error.get("code") for error in list_dicts(answer.get("errors"))],
                *re.findall(r"\b([A-Z]+(?:_[A-Z]+)+)\b", text),
            ]
        ) or keep_codes([answer.get("category")])
        names = name_properties(
            [
                *re.findall(r'"name"\s*:\s*"(\w+)"', text),
                *re.findall(r'"(\w+)"', text),
            ],
            records,
        )
        fatal = [code for code in codes if code in OF_ALL]
        if fatal:
            named = ", ".join(names) or "write_back.csv says"
            raise stop(
                self.title,
                f"has no property that can be written as {named} ({', '.join(fatal)})",
                to_do="create it among the properties of contacts, or take its row out of"
                " write_back.csv.",
            )
        return Result("refused", describe_refusal(codes, names))


def judge_records(answer: Mapping[str, Any], records: Sequence[Record]) -> list[Verdict]:
    """What an answer says of each record. One that it names neither as written nor as wrong was
    merged into another; where it tells of a mistake without saying whose, that may be it."""
    written = {str(result.get("id")) for result in list_dicts(answer["results"])}
    wrong: dict[str, Verdict] = {}
    is_anybodys = False
    for error in list_dicts(answer.get("errors")):
        details = [error, *list_dicts(error.get("errors"))]
        codes = keep_codes(
            [d.get(name) for d in details for name in ("category", "subCategory", "code")]
        )
        names = [name for d in details for name in find_context(d, "properties", "propertyName")]
        verdict = Verdict(
            describe_refusal(codes, name_properties(names, records)),
            is_final=bool(FINAL & set(codes)),
        )
        ids = {
            part.strip()
            for text in find_context(error, "ids", "id", "objectWriteTraceId")
            for part in text.split(",")
        } - {""}
        is_anybodys |= not ids
        wrong.update(dict.fromkeys(ids, verdict))
    merged = (
        Verdict("neither written nor refused by name")
        if is_anybodys
        else Verdict("merged: the answer does not hold it", is_final=True)
    )
    return [
        Verdict() if record.record_id in written else wrong.get(record.record_id, merged)
        for record in records
    ]


def find_context(error: Mapping[str, Any], *names: str) -> list[str]:
    """The texts under some names of an error's context."""
    context = error.get("context")
    values = context if isinstance(context, dict) else {}
    found = [values.get(name) for name in names]
    lists = [value if isinstance(value, list) else [value] for value in found if value]
    return [str(text) for texts in lists for text in texts]


def list_dicts(found: Any) -> list[dict[str, Any]]:
    """The objects of a list; none where it is no list."""
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def write_value(value: Any) -> str:
    """A value as HubSpot takes it: text, blank for none.

    >>> [write_value(value) for value in (71, 71.0, 71.8442, True, None, "B1")]
    ['71', '71', '71.8442', 'true', '', 'B1']
    """
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.15g}"
    return str(value).lower() if isinstance(value, bool) else str(value)


def load_hubspot(environ: Mapping[str, str] = os.environ) -> HubSpot | None:
    """Read the LEADS_HUBSPOT_* settings; None where there is no token. Raises ValueError where they
    cannot work.

    >>> load_hubspot({"LEADS_HUBSPOT_TOKEN": "hidden"}).version
    '2026-09'
    """
    given = read_given(environ)
    token = given.get("LEADS_HUBSPOT_TOKEN", "")
    if not token:
        return None
    if not (token.isascii() and token.isprintable() and " " not in token):
        raise ValueError("LEADS_HUBSPOT_TOKEN is no token: copy it anew, in one line.")
    version = given.get("LEADS_HUBSPOT_VERSION", VERSION)
    if not re.fullmatch(r"v3|\d{4}-\d{2}", version):
        raise ValueError(
            f"LEADS_HUBSPOT_VERSION is '{version}', which is no version of its interface: write it"
            f" as {VERSION} or v3."
        )
    url = check_base_url("LEADS_HUBSPOT_URL", given.get("LEADS_HUBSPOT_URL", URL), example=URL)
    return HubSpot(token, url, version)
