"""What belongs here: one message to the receiver. Where it is, what is sent, how it is signed, and
what each answer means. Neither the secret nor the address, which may hold a token of its own, ever
stands in what is told of an attempt; nor does what the receiver writes into its answer.
"""

import hashlib
import hmac
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

import requests

from orchestration.lib.basics.variables import read_given
from orchestration.lib.delivered.exchange import (
    check_url,
    describe_failure,
    describe_status,
    limit_socket,
    open_session,
    read_retry_after,
)

TIMEOUT_SECONDS = 10.0

# A POST must stay well within a claim and within a sensor's tick.
LONGEST_TIMEOUT_SECONDS = 20.0

# So much of an answer is looked through for a receipt; none is longer.
RECEIPT_BYTES = 64 * 1024

# What a person would see in a browser, such as a login page, confirms nothing.
WEB_PAGES = {"text/html", "application/xhtml+xml"}

# What a header may hold as it is; all else is written as %XX.
HEADER_CHARACTERS = "!#$&'()*+,-./:;<=>?@[]^_`{|}~"

# Client errors that pass: too slow, too early, too many.
PASSING = {408, 425, 429}


@dataclass(frozen=True)
class Webhook:
    """The receiver of hand-overs: its address, the secret shared with it, how long its whole answer
    may take, in seconds, and what is found in every true receipt (a regular expression; None: any
    answer will do that is no web page)."""

    url: str = field(repr=False)
    secret: str = field(repr=False)
    timeout_seconds: float = TIMEOUT_SECONDS
    receipt: re.Pattern[str] | None = None


@dataclass(frozen=True)
class Answer:
    """What one attempt came to: whether the receiver has the message (`is_delivered`) or never will
    (`is_final` alone), how it answered in words, and for how many seconds it asked for quiet."""

    is_delivered: bool
    is_final: bool
    words: str
    retry_after_seconds: float = 0.0


def load_webhook(environ: Mapping[str, str] = os.environ) -> Webhook | None:
    """Read the LEADS_WEBHOOK_* settings; None where there is no receiver. Raises ValueError where
    they cannot work.

    >>> load_webhook({"LEADS_WEBHOOK_URL": "https://crm.example/leads",
    ...               "LEADS_WEBHOOK_SECRET": "not shown"})
    Webhook(timeout_seconds=10.0, receipt=None)
    >>> load_webhook({"LEADS_WEBHOOK_URL": "https://crm.example/leads"})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: LEADS_WEBHOOK_URL is set and LEADS_WEBHOOK_SECRET is not: ...
    """
    given = read_given(environ)
    names = ("LEADS_WEBHOOK_URL", "LEADS_WEBHOOK_SECRET")
    url, secret = (given.get(name, "") for name in names)
    if not url and not secret:
        return None
    if not url or not secret:
        there, missing = names if url else names[::-1]
        raise ValueError(
            f"{there} is set and {missing} is not: hand-overs are delivered where both are, and "
            "kept where neither is."
        )
    check_url("LEADS_WEBHOOK_URL", url, example="https://crm.example.com/hand-overs")
    return Webhook(
        url,
        secret,
        read_timeout(given.get("LEADS_WEBHOOK_TIMEOUT", "")),
        read_receipt(given.get("LEADS_WEBHOOK_RECEIPT", "")),
    )


def read_timeout(text: str) -> float:
    """LEADS_WEBHOOK_TIMEOUT in seconds, the default where it is blank. Raises ValueError where it
    is no number of seconds between 1 and 20.

    >>> read_timeout(""), read_timeout("2.5")
    (10.0, 2.5)
    """
    try:
        seconds = float(text) if text.strip() else TIMEOUT_SECONDS
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= LONGEST_TIMEOUT_SECONDS:
        raise ValueError(
            f"LEADS_WEBHOOK_TIMEOUT is '{text}', which is not a number of seconds from 1 to "
            f"{LONGEST_TIMEOUT_SECONDS:.0f}: a receiver that needs longer should take the message "
            "first and work on it afterwards."
        )
    return seconds


def read_receipt(text: str) -> re.Pattern[str] | None:
    """LEADS_WEBHOOK_RECEIPT as a pattern, None where it is blank. Raises ValueError where it is no
    regular expression."""
    try:
        return re.compile(text.strip(), re.IGNORECASE | re.MULTILINE) if text.strip() else None
    except re.error as error:
        raise ValueError(
            f"LEADS_WEBHOOK_RECEIPT is '{text}', which is not a regular expression ({error}): "
            'write what stands in every receipt, as "status": *"accepted".'
        ) from None


def send(webhook: Webhook, *, idempotency_key: str, payload: str, at: datetime) -> Answer:
    """POST one message and say what came of it. `at` is the time that is signed with it."""
    body = payload.encode()
    timestamp = str(int(at.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "lead-scoring-warehouse",
        "Idempotency-Key": write_header(idempotency_key),
        "X-Leads-Timestamp": timestamp,
        "X-Leads-Signature": f"sha256={sign(body, timestamp=timestamp, secret=webhook.secret)}",
    }
    limit = webhook.timeout_seconds
    with open_session(limit) as (session, cut_off):
        try:
            with session.post(
                webhook.url,
                data=body,
                headers=headers,
                timeout=limit_socket(limit),
                allow_redirects=False,
                # Status and headers say it all, but for a receipt: a long answer is not waited for.
                stream=True,
            ) as response:
                is_receipt = 200 <= response.status_code < 300
                doubt = doubt_receipt(response, webhook.receipt) if is_receipt else ""
                # What was cut off is no answer, however far it had come.
                if not cut_off.has_struck:
                    return judge(
                        response.status_code,
                        doubt=doubt,
                        retry_after_seconds=read_retry_after(
                            response.headers.get("Retry-After", ""), at=at
                        ),
                    )
        # An address that nobody can parse is one for the libraries below, which say it with the
        # second.
        except (requests.RequestException, ValueError) as error:
            if not (cut_off.has_struck or isinstance(error, requests.Timeout)):
                return Answer(is_delivered=False, is_final=False, words=describe_failure(error))
    return Answer(is_delivered=False, is_final=False, words=f"no answer within {limit:g} s")


def doubt_receipt(response: requests.Response, receipt: re.Pattern[str] | None) -> str:
    """Why an answer of status 2xx does not say that the receiver has the message, in words; empty
    where it does.

    With a pattern it does where the pattern is found in a line of its headers or in the first 64
    KiB of its body; without one, where it is no web page.
    """
    if receipt is None:
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return f"with a web page ({kind}), which is no receipt" if kind in WEB_PAGES else ""
    lines = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
    if receipt.search(lines):
        return ""
    body = b""
    for part in response.iter_content(1024):
        body += part
        if len(body) >= RECEIPT_BYTES:
            break
    text = body[:RECEIPT_BYTES].decode(response.encoding or "utf-8", errors="replace")
    return "" if receipt.search(text) else "without what LEADS_WEBHOOK_RECEIPT asks for"


def sign(body: bytes, *, timestamp: str, secret: str) -> str:
    """HMAC-SHA256 of "<timestamp>.<body>", as hexadecimal digits.

    >>> sign(b"{}", timestamp="1782799200", secret="s")[:16]
    'b97e7ab5e340aa4a'
    """
    signed = f"{timestamp}.".encode() + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def judge(status: int, *, doubt: str = "", retry_after_seconds: float = 0.0) -> Answer:
    """What an answer with this HTTP status means; `doubt` says why one of 2xx is no receipt.

    2xx is delivered, without a doubt. 409 is, too: the receiver says that it knows the key, so that
    it took the message when an answer got lost. 408, 425, 429, redirects, which are not followed,
    and server errors are worth another attempt; any other client error would only be repeated.

    >>> [judge(status).is_delivered for status in (200, 204, 409, 500)]
    [True, True, True, False]
    >>> [judge(status).is_final for status in (400, 401, 408, 425, 429, 302, 503)]
    [True, True, False, False, False, False, False]
    >>> judge(503).words
    'answered 503 Service Unavailable'
    >>> judge(200, doubt="with a web page").words
    'answered 200 OK with a web page'
    """
    is_delivered = (200 <= status < 300 and not doubt) or status == 409
    is_refused = 400 <= status < 500 and status not in PASSING
    hint = ": redirects are not followed" if 300 <= status < 400 else f" {doubt}".rstrip()
    return Answer(
        is_delivered=is_delivered,
        is_final=is_delivered or is_refused,
        words=describe_status(status) + hint,
        retry_after_seconds=retry_after_seconds,
    )


def write_header(text: str) -> str:
    """`text` as a header can hold it: characters that are not printable ASCII, blanks and percent
    signs as %XX.

    >>> write_header("b2b:L1:1"), write_header("b2b:Lü 1")
    ('b2b:L1:1', 'b2b:L%C3%BC%201')
    """
    return quote(text, safe=HEADER_CHARACTERS)
