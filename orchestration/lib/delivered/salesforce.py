"""What belongs here: writing fields of Salesforce's leads and contacts: where, in which shape, with
which token, and what each answer means. Records are updated by their id; none is ever made.
"""

import json
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from orchestration.lib.basics.outcomes import WrongUse
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
from orchestration.lib.delivered.exchange import Reply, ask, describe_status, read_retry_after
from orchestration.lib.delivered.records import Record

VERSION = "62.0"
EXAMPLE = "https://example.my.salesforce.com"

# The objects that are written, by the first characters of their records' ids.
KINDS = {"00Q": "Lead", "003": "Contact"}

# Of what is wrong with one record these may pass; all others do not.
PASSING = {
    "UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "REQUEST_RUNNING_TOO_LONG", "UNKNOWN_EXCEPTION",
    "QUERY_TIMEOUT", "TXN_SECURITY_RUNTIME_EXCEPTION",
}  # fmt: skip

# A lead that became a contact takes nothing any more; the contact does.
CONVERTED = "CANNOT_UPDATE_CONVERTED_LEAD"

# The day's calls are used up; it says so under 403.
USED_UP = "REQUEST_LIMIT_EXCEEDED"

BUSY_SECONDS = 10.0

# Beyond this share of the day's calls the rest is left to others.
SHARE_OF_CALLS = 0.95


@dataclass
class Salesforce:
    """Salesforce, as one token, or one client of its own, may write to it. `url` is the address of
    the organisation; with a client it says where to call."""

    url: str
    token: str = field(default="", repr=False)
    client_id: str = field(default="", repr=False)
    client_secret: str = field(default="", repr=False)
    version: str = VERSION
    takes_bare_ids: bool = True
    seconds: float = CALL_SECONDS

    name = "salesforce"
    title = "Salesforce"
    batch_size = 200

    def finds_record(self, record_id: str) -> bool:
        """Whether an id can be that of a lead or a contact.

        >>> crm = Salesforce("https://x")
        >>> [crm.finds_record(text) for text in ("00Q5g00000AbCdE", "001000000000001AAA", "501")]
        [True, False, False]
        """
        is_id = re.fullmatch(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?", record_id)
        return bool(is_id) and record_id[:3] in KINDS

    def find_kind(self, record_id: str) -> str:
        """Lead or Contact: a call that mixes them is taken apart and counted by its parts."""
        return KINDS[record_id[:3]]

    def write(self, records: Sequence[Record]) -> Result:
        """Write the changes of some records of one kind in one call; a record that is wrong keeps
        no other one from being written. Raises WrongUse where the token, its rights, the address or
        a field is not right."""
        kind = self.find_kind(records[0].record_id)
        body = {
            "allOrNone": False,
            "records": [
                {"attributes": {"type": kind}, "id": record.record_id, **record.changes}
                for record in records
            ],
        }
        reply = self.call("PATCH", "composite/sobjects", body)
        status, found = reply.status, read_json(reply)
        if status == 200 and isinstance(found, list) and len(found) == len(records):
            verdicts = [
                judge_record(one, record) for one, record in zip(found, records, strict=True)
            ]
            return Result(
                "answered",
                verdicts=self.follow_converted(verdicts, records),
                quiet_seconds=find_quiet(reply),
            )
        return self.judge(reply, records)

    def judge(self, reply: Reply, records: Sequence[Record]) -> Result:
        """What an answer means that has no verdict per record."""
        status, found = reply.status, read_json(reply)
        errors = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
        codes = keep_codes([error.get("errorCode") for error in errors])
        quiet = read_retry_after(reply.headers.get("Retry-After", ""), at=datetime.now(UTC))
        texts = [str(error.get("message", "")) for error in errors]
        if USED_UP in codes or status == 429:
            # The same code stands for too many long calls at once, which soon are over.
            is_used_up = USED_UP in codes and not any("Concurrent" in text for text in texts)
            words = f": {USED_UP}" if USED_UP in codes else ""
            return Result(
                "turned_away",
                describe_status(status) + words,
                quiet_seconds=quiet or (USED_UP_SECONDS if is_used_up else BUSY_SECONDS),
            )
        if status in (0, 408, 425) or status >= 500:
            return fail(reply, quiet_seconds=quiet)
        if 200 <= status < 300:
            return Result("failed", f"{describe_status(status)} without a result per record")
        if status == 401:
            raise stop(
                self.title,
                "does not take the token (401)",
                to_do="it has expired or was withdrawn: set LEADS_SALESFORCE_TOKEN anew, or"
                " LEADS_SALESFORCE_CLIENT_ID and LEADS_SALESFORCE_CLIENT_SECRET, which fetch one.",
            )
        if status == 403:
            raise stop(
                self.title,
                f"does not let this user write ({', '.join(codes) or 403})",
                to_do="give the user the right to use the API and to edit leads and contacts.",
            )
        if status == 404 or 300 <= status < 400:
            raise stop(
                self.title,
                f"{describe_status(status)}, so that there is nothing at this address",
                to_do="check LEADS_SALESFORCE_URL and LEADS_SALESFORCE_VERSION.",
            )
        names = name_properties([w for text in texts for w in re.findall(r"\w+", text)], records)
        if "INVALID_FIELD" in codes:
            kind = self.find_kind(records[0].record_id)
            raise stop(
                self.title,
                f"has no field {', '.join(names) or 'as write_back.csv says'} of its {kind}s that"
                " this user may write (INVALID_FIELD)",
                to_do="create it for leads and contacts and let the user edit it, or take its row"
                " out of write_back.csv.",
            )
        return Result("refused", describe_refusal(codes, names))

    def follow_converted(
        self, verdicts: Sequence[Verdict], records: Sequence[Record]
    ) -> list[Verdict]:
        """The verdicts, those of leads that became contacts with the contact to write instead."""
        ids = [
            record.record_id
            for verdict, record in zip(verdicts, records, strict=True)
            if CONVERTED in verdict.words
        ]
        if not ids:
            return list(verdicts)
        found = None
        # Where that is refused, the others have been written all the same.
        with suppress(WrongUse):
            reply = self.call(
                "POST", "composite/sobjects/Lead", {"ids": ids, "fields": ["ConvertedContactId"]}
            )
            found = read_json(reply) if reply.status == 200 else None
        rows = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
        contacts = {str(one.get("Id"))[:15]: one.get("ConvertedContactId") for one in rows}
        followed = []
        for verdict, record in zip(verdicts, records, strict=True):
            contact = contacts.get(record.record_id[:15])
            if CONVERTED in verdict.words and self.finds_record(str(contact)):
                verdict = Verdict(verdict.words, moved_to=str(contact))
            followed.append(verdict)
        return followed

    def call(self, method: str, path: str, body: Mapping[str, Any]) -> Reply:
        """One call of the interface; where the token has expired and this is a client of its own,
        once more with a new one."""
        reply = self.call_once(method, path, body)
        if reply.status == 401 and self.client_secret:
            self.token = ""
            reply = self.call_once(method, path, body)
        return reply

    def call_once(self, method: str, path: str, body: Mapping[str, Any]) -> Reply:
        """One call, with the token there is or a new one; the answer to that where none came."""
        if not self.token:
            reply = self.fetch_token()
            if not self.token:
                return reply
        return ask(
            method,
            f"{self.url}/services/data/v{self.version}/{path}",
            headers={
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
                "User-Agent": "lead-scoring-warehouse",
            },
            body=json.dumps(body, ensure_ascii=False).encode(),
            seconds=self.seconds,
        )

    def fetch_token(self) -> Reply:
        """Ask for a token as the client, and note it and where to call. Raises WrongUse where the
        client is refused."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
        }
        reply = ask(
            "POST",
            f"{self.url}/services/oauth2/token",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body=urlencode(form).encode(),
            seconds=self.seconds,
        )
        found = read_json(reply)
        answer = found if isinstance(found, dict) else {}
        if reply.status == 200 and answer.get("access_token"):
            self.token = str(answer["access_token"])
            # Where the organisation is served from may be another address than where it signs in.
            url = str(answer.get("instance_url") or self.url)
            self.url = check_base_url("Salesforce's instance_url", url, example=EXAMPLE)
        elif reply.status and reply.status < 500 and reply.status != 429:
            raise stop(
                self.title,
                f"gives this client no token ({reply.status})",
                to_do="check LEADS_SALESFORCE_CLIENT_ID, LEADS_SALESFORCE_CLIENT_SECRET and"
                " LEADS_SALESFORCE_URL, which is the address of your own organisation, and that the"
                " app allows the client credentials flow with a user to run as.",
            )
        return reply


def judge_record(found: Any, record: Record) -> Verdict:
    """What an answer says of one record; it stands at the record's place, with its id where it was
    written."""
    one = found if isinstance(found, dict) else {}
    if one.get("success") is True:
        if str(one.get("id"))[:15] == record.record_id[:15]:
            return Verdict()
        return Verdict("another id was written than was sent")
    errors = [error for error in one.get("errors") or [] if isinstance(error, dict)]
    codes = keep_codes([error.get("statusCode") for error in errors])
    names = name_properties([n for error in errors for n in error.get("fields") or []], [record])
    is_final = bool(codes) and not ({CONVERTED} | PASSING) & set(codes)
    return Verdict(describe_refusal(codes, names), is_final=is_final)


def find_quiet(reply: Reply) -> float:
    """For how long to be quiet after an answer: an hour where nearly all of the day's calls are
    used, as its Sforce-Limit-Info says; else 0.

    >>> [find_quiet(Reply(200, {"Sforce-Limit-Info": f"api-usage={used}/1000"}, b""))
    ...     for used in (18, 950)]
    [0.0, 3600.0]
    """
    found = re.search(r"api-usage=(\d+)/(\d+)", reply.headers.get("Sforce-Limit-Info", ""))
    is_near = found and int(found[1]) >= SHARE_OF_CALLS * int(found[2])
    return USED_UP_SECONDS if is_near else 0.0


def load_salesforce(environ: Mapping[str, str] = os.environ) -> Salesforce | None:
    """Read the LEADS_SALESFORCE_* settings; None where there is no address. Raises ValueError where
    they cannot work.

    >>> load_salesforce({"LEADS_SALESFORCE_URL": EXAMPLE, "LEADS_SALESFORCE_TOKEN": "hidden"})
    Salesforce(url='https://example.my.salesforce.com', version='62.0', takes_bare_ids=True, \
seconds=30.0)
    """
    given = read_given(environ)
    url, token, client_id, client_secret = (
        given.get(f"LEADS_SALESFORCE_{name}", "")
        for name in ("URL", "TOKEN", "CLIENT_ID", "CLIENT_SECRET")
    )
    if not (url or token or client_id or client_secret):
        return None
    if not url:
        raise ValueError(
            "LEADS_SALESFORCE_URL is not set, and the token or client is: write the address of"
            f" your organisation as {EXAMPLE}."
        )
    if bool(client_id) != bool(client_secret) or not (token or client_secret):
        raise ValueError(
            "LEADS_SALESFORCE_URL is set without what to sign in with: set LEADS_SALESFORCE_TOKEN,"
            " or both LEADS_SALESFORCE_CLIENT_ID and LEADS_SALESFORCE_CLIENT_SECRET."
        )
    if not (token.isascii() and (token.isprintable() and " " not in token)):
        raise ValueError("LEADS_SALESFORCE_TOKEN is no token: copy it anew, in one line.")
    version = given.get("LEADS_SALESFORCE_VERSION", VERSION).removeprefix("v")
    if not re.fullmatch(r"\d{2,3}\.0", version):
        raise ValueError(
            f"LEADS_SALESFORCE_VERSION is '{version}', which is no version of its interface: write"
            f" it as {VERSION}."
        )
    url = check_base_url("LEADS_SALESFORCE_URL", url, example=EXAMPLE)
    return Salesforce(url, token, client_id, client_secret, version)
