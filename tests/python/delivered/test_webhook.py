"""What belongs here: one message to a receiver. That it is genuine can be checked as the how-to
says, every answer means what the how-to says, and nothing that is told of it holds a secret."""

import json
import logging
import re
import socket
import time

import pytest
from receivers import NOW, PROJECT, SECRET, TOKEN, answer_with, drip, run_receiver

from orchestration.lib.delivered.release import PAYLOAD_COLUMNS, TIMES
from orchestration.lib.delivered.webhook import (
    RECEIPT_BYTES,
    Webhook,
    load_webhook,
    read_receipt,
    send,
)

HOW_TO = (PROJECT / "docs/how-to/connect-a-webhook.md").read_text()


@pytest.fixture
def receiver():
    with run_receiver() as running:
        yield running


def post(webhook, *, key="b2b:L1:1", payload='{"name": "Zoë"}'):
    return send(webhook, idempotency_key=key, payload=payload, at=NOW)


def load_is_genuine(monkeypatch, *, now):
    """The function that the how-to gives receivers, at a time."""
    names = {}
    exec(re.search(r"```python\n(.*?)```", HOW_TO, re.DOTALL).group(1), names)
    monkeypatch.setattr(names["time"], "time", lambda: now)
    return names["is_genuine"]


def test_the_receiver_can_check_a_message_as_the_how_to_says(receiver, monkeypatch):
    assert post(receiver.webhook).is_delivered
    [request] = receiver.requests
    is_genuine = load_is_genuine(monkeypatch, now=NOW.timestamp() + 299)
    assert is_genuine(request.headers, request.body, SECRET)
    assert not is_genuine(request.headers, request.body + b" ", SECRET)
    assert not is_genuine(request.headers, request.body, "another secret")
    later = {**request.headers, "X-Leads-Timestamp": str(int(NOW.timestamp()) + 1)}
    assert not is_genuine(later, request.body, SECRET)
    is_genuine = load_is_genuine(monkeypatch, now=NOW.timestamp() + 301)
    assert not is_genuine(request.headers, request.body, SECRET)


def test_the_example_of_the_how_to_is_a_real_one(monkeypatch):
    headers = dict(re.findall(r"^    ([\w-]+): (.+)$", HOW_TO, re.MULTILINE))
    body = re.search(r"```json\n(.*)\n```", HOW_TO).group(1)
    assert list(json.loads(body)) == ["schema_version", *PAYLOAD_COLUMNS, *TIMES]
    assert json.loads(body)["idempotency_key"] == headers["Idempotency-Key"]
    is_genuine = load_is_genuine(monkeypatch, now=int(headers["X-Leads-Timestamp"]))
    assert is_genuine(headers, body.encode(), "not a good secret")


def test_a_message_is_json_under_its_key(receiver):
    post(receiver.webhook, key="b2b:Lü 1\n:1")
    [request] = receiver.requests
    assert request.path == f"/{TOKEN}"
    assert json.loads(request.body) == {"name": "Zoë"}
    assert request.headers["Content-Type"] == "application/json"
    assert request.key == "b2b:L%C3%BC%201%0A:1"


@pytest.mark.parametrize("status", [200, 201, 202, 204, 409])
def test_what_the_receiver_has_is_delivered(receiver, status):
    receiver.replies = [status]
    assert post(receiver.webhook).is_delivered


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413, 422])
def test_what_the_receiver_will_never_take_is_final(receiver, status):
    receiver.replies = [status]
    answer = post(receiver.webhook)
    assert (answer.is_delivered, answer.is_final) == (False, True)
    assert answer.words.startswith(f"answered {status} ")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_what_may_pass_is_not_final_and_says_how_long(receiver, status):
    receiver.replies = [(status, {"Retry-After": "7"}), (status, {"Retry-After": "a while"})]
    answer = post(receiver.webhook)
    assert (answer.is_delivered, answer.is_final, answer.retry_after_seconds) == (False, False, 7)
    assert post(receiver.webhook).retry_after_seconds == 0


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(receiver, status):
    receiver.replies = [(status, {"Location": f"{receiver.url}/elsewhere"})]
    answer = post(receiver.webhook)
    assert (answer.is_delivered, answer.is_final) == (False, False)
    assert answer.words.endswith(": redirects are not followed")
    assert len(receiver.requests) == 1


def test_silence_nobody_there_and_gibberish_are_told_apart(receiver):
    receiver.replies = [(200, 1.5)]
    silence = post(receiver.webhook)
    assert (silence.is_final, silence.words) == (False, "no answer within 1 s")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = post(Webhook(f"http://127.0.0.1:{free.getsockname()[1]}/{TOKEN}", SECRET, 1))
    assert (nobody.is_final, nobody.words) == (False, "no connection: Connection refused")
    encrypted = post(Webhook(receiver.url.replace("http:", "https:"), SECRET, 1))
    assert not encrypted.is_final
    assert encrypted.words.startswith("no connection: ")
    unknown = post(Webhook(f"https://receiver.invalid/{TOKEN}", SECRET, 1))
    assert not unknown.is_final
    impossible = post(Webhook(f"http://{'x' * 64}.example/{TOKEN}", SECRET, 1))
    assert (impossible.is_final, impossible.words) == (False, "no answer: LocationParseError")
    for answer in (silence, nobody, encrypted, unknown, impossible):
        assert TOKEN not in answer.words


HEAD = b"HTTP/1.1 200 OK\r\nX-Request-Id: 1\r\n"


@pytest.mark.parametrize(
    ("reply", "receipt"),
    [
        (drip(HEAD, every=0.2), ""),
        (drip(b"HTTP/1.1 200 OK\r\n\r\n" + b"." * 99, every=0.2), "accepted"),
    ],
)
def test_an_answer_that_comes_byte_by_byte_is_cut_at_the_limit(receiver, reply, receipt):
    receiver.replies = [reply]
    started = time.monotonic()
    answer = post(Webhook(receiver.url, SECRET, 1, read_receipt(receipt)))
    assert time.monotonic() - started < 1.5
    assert (answer.is_delivered, answer.is_final) == (False, False)
    assert answer.words == "no answer within 1 s"
    # The connection is gone: the receiver finds that nobody listens to it any more.
    while not receiver.requests[0].ended and time.monotonic() - started < 5:
        time.sleep(0.05)
    assert receiver.requests[0].ended


def test_a_long_body_is_not_waited_for(receiver):
    receiver.replies = [drip(HEAD + b"\r\n" + b"." * 9999, every=0.005)]
    started = time.monotonic()
    assert post(receiver.webhook).is_delivered
    assert time.monotonic() - started < 1


@pytest.mark.parametrize("kind", ["text/html", "Text/HTML; charset=utf-8", "application/xhtml+xml"])
def test_a_login_page_is_no_receipt(receiver, kind):
    receiver.replies = [answer_with(b"<h1>Please log in</h1>", Content_Type=kind)]
    answer = post(receiver.webhook)
    assert (answer.is_delivered, answer.is_final) == (False, False)
    assert answer.words.startswith("answered 200 OK with a web page (")


@pytest.mark.parametrize(
    ("reply", "is_delivered"),
    [
        (answer_with(b'{"status": "accepted"}', Content_Type="application/json"), True),
        (answer_with(b'<p>"STATUS":"Accepted"</p>', Content_Type="text/html"), True),
        (answer_with(b"", X_Receipt="b2b:L1:1"), True),
        (answer_with(b'{"status": "queued"}', Content_Type="application/json"), False),
        (answer_with(b" " * RECEIPT_BYTES + b'"status": "accepted"'), False),
        (answer_with(b"", status=204), False),
        # The receiver says that it has the key.
        (answer_with(b"", status=409), True),
    ],
)
def test_a_true_receipt_holds_what_the_setting_says(receiver, reply, is_delivered):
    receipt = read_receipt('"status": *"accepted"|^x-receipt: .')
    receiver.replies = [reply]
    answer = post(Webhook(receiver.url, SECRET, 1, receipt))
    assert (answer.is_delivered, answer.is_final) == (is_delivered, is_delivered)
    if not is_delivered:
        assert answer.words.endswith(" without what LEADS_WEBHOOK_RECEIPT asks for")


def test_no_answer_and_no_log_holds_the_secret_or_the_address(receiver, caplog):
    # The libraries below tell the address where a user asks for every detail; nothing of ours does.
    caplog.set_level(logging.DEBUG)
    logging.getLogger("urllib3").setLevel(logging.INFO)
    receiver.replies = [200, 400, 503, 302, (200, 1.5)]
    told = [repr(post(receiver.webhook)) for _ in receiver.replies[:]]
    told += [repr(receiver.webhook), str(receiver.webhook), caplog.text]
    assert not [text for text in told if SECRET in text or TOKEN in text]


def load(**values):
    return load_webhook({f"LEADS_WEBHOOK_{name}": value for name, value in values.items()})


def test_there_is_a_receiver_where_address_and_secret_are_set():
    assert load() is None
    assert load(URL=" ", SECRET="") is None
    webhook = load(URL="https://crm.example/x", SECRET=SECRET, TIMEOUT="3")
    assert webhook == Webhook("https://crm.example/x", SECRET, 3.0)
    assert load(URL="https://x", SECRET="s", RECEIPT="^X-Receipt: ").receipt.search("x-receipt: 1")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"URL": "https://x.example"}, "LEADS_WEBHOOK_URL is set and LEADS_WEBHOOK_SECRET is not"),
        ({"SECRET": SECRET}, "LEADS_WEBHOOK_SECRET is set and LEADS_WEBHOOK_URL is not"),
        ({"URL": TOKEN, "SECRET": SECRET}, "LEADS_WEBHOOK_URL is not an address"),
        ({"URL": f"ftp://x/{TOKEN}", "SECRET": SECRET}, "LEADS_WEBHOOK_URL is not an address"),
        ({"URL": f"http://x:y/{TOKEN}", "SECRET": SECRET}, "LEADS_WEBHOOK_URL is not an address"),
        ({"URL": f"http://[x/{TOKEN}", "SECRET": SECRET}, "LEADS_WEBHOOK_URL is not an address"),
        ({"URL": "http://x", "SECRET": SECRET, "TIMEOUT": "60"}, "LEADS_WEBHOOK_TIMEOUT is '60'"),
        ({"URL": "http://x", "SECRET": SECRET, "TIMEOUT": "nan"}, "which is not a number of sec"),
        ({"URL": "http://x", "SECRET": SECRET, "TIMEOUT": "0"}, "seconds from 1 to 20"),
        (
            {"URL": "http://x", "SECRET": SECRET, "RECEIPT": "("},
            "RECEIPT is '\\(', which is not a reg",
        ),
    ],
)
def test_settings_that_cannot_work_are_a_sentence_without_their_secrets(values, sentence):
    with pytest.raises(ValueError, match=sentence) as raised:
        load(**values)
    assert SECRET not in str(raised.value) and TOKEN not in str(raised.value)
