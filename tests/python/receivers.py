"""What belongs here: a receiver of hand-overs, as real as a test can have one, and a warehouse with
hand-overs to send. No expectations: those stand in the tests."""

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import duckdb
import jinja2

from orchestration.lib.delivered.webhook import Webhook

PROJECT = Path(__file__).resolve().parents[2]
SECRET = "a secret that nobody may see"
TOKEN = "a-token-in-the-address"
# Long past, so that what is due then is due for processes with the real clock, whatever it says.
NOW = datetime(2020, 6, 30, 6, tzinfo=UTC)

# What a receiver answers is a status, with headers or after some seconds where it is a tuple; or
# whatever a function writes to the connection.
Reply = (
    int | tuple[int, dict[str, str]] | tuple[int, float] | Callable[[BaseHTTPRequestHandler], None]
)


@dataclass
class Request:
    """One POST, as it came; `began` and `ended` are seconds."""

    path: str
    headers: dict[str, str]
    body: bytes
    began: float
    ended: float = 0.0

    @property
    def key(self) -> str:
        return self.headers["Idempotency-Key"]


@dataclass
class Receiver:
    """A running server: what it has got, and what it answers next; after that, 200."""

    port: int = 0
    requests: list[Request] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/{TOKEN}"

    @property
    def webhook(self) -> Webhook:
        return Webhook(self.url, SECRET, timeout_seconds=1)

    @property
    def keys(self) -> list[str]:
        return [request.key for request in self.requests]


class QuietServer(ThreadingHTTPServer):
    """One that says nothing where whoever asked no longer waits; what a handler asserts shows as a
    connection that is cut."""

    def handle_error(self, *_arguments):
        pass


@contextmanager
def serve(handler: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    """A server on a free port of this machine, in threads; gives the port."""
    with QuietServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        try:
            yield server.server_port
        finally:
            server.shutdown()


@contextmanager
def run_receiver() -> Iterator[Receiver]:
    """A server on a free port of this machine, in threads."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            request = Request(self.path, dict(self.headers), body, began=time.monotonic())
            receiver.requests.append(request)
            reply = receiver.replies.pop(0) if receiver.replies else 200
            if callable(reply):
                reply(self)
                request.ended = time.monotonic()
                return
            status, more = reply if isinstance(reply, tuple) else (reply, {})
            time.sleep(more if isinstance(more, float) else receiver.seconds)
            self.send_response(status)
            for name, value in ({} if isinstance(more, float) else more).items():
                self.send_header(name, value)
            self.end_headers()
            # As careless as a receiver can be: it says what it knows.
            self.wfile.write(f"refused, the secret is {SECRET}".encode())
            request.ended = time.monotonic()

        def log_message(self, *_arguments):
            pass

    # A proxy between would be another receiver.
    direct = mock.patch.dict(os.environ, {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"})
    with direct, serve(Handler) as port:
        receiver.port = port
        yield receiver


def drip(text: bytes, *, every: float) -> Callable[[BaseHTTPRequestHandler], None]:
    """A reply that writes one byte at a time, so many seconds apart, until nobody listens."""

    def write(handler: BaseHTTPRequestHandler) -> None:
        for byte in text:
            try:
                handler.wfile.write(bytes([byte]))
            except OSError:
                return
            time.sleep(every)

    return write


def answer_with(
    body: bytes, *, status: int = 200, **headers: str
) -> Callable[[BaseHTTPRequestHandler], None]:
    """A reply with this body; `_` in a header's name stands for `-`."""

    def write(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return write


def build_hand_overs(path: Path, leads: Iterable[str] = ()) -> Path:
    """A warehouse at `path` with the tables of macros/lead_tiers.sql, and a hand-over of each of
    `leads` that is not released yet."""
    types = {
        "type_string": "varchar",
        "type_boolean": "boolean",
        "type_bigint": "bigint",
        "type_timestamp": "timestamp",
    }
    given = {
        "dbt": SimpleNamespace(**{name: lambda sql=sql: sql for name, sql in types.items()}),
        "target": SimpleNamespace(schema="main"),
    }
    macro = (PROJECT / "macros/lead_tiers.sql").read_text()
    tables = jinja2.Environment().from_string(macro, globals=given).module.create_lead_tiers()
    with duckdb.connect(str(path)) as connection:
        connection.execute(tables)
        connection.execute(
            "create table if not exists scored_leads"
            " (model_id varchar, lead_id varchar, is_excluded boolean, exclusion_reason varchar)"
        )
        for lead_id in leads:
            add_hand_over(connection, lead_id)
    return path


def add_hand_over(
    connection: duckdb.DuckDBPyConnection, lead_id: str, *, number: int = 1, score: float = 71.8442
) -> str:
    """A hand-over of a lead that is scored and not excluded; returns its key."""
    key = f"b2b:{lead_id}:{number}"
    connection.execute(
        """
        insert into scored_leads by name
        select 'b2b' as model_id, $lead_id as lead_id, false as is_excluded
        where $lead_id not in (select lead_id from scored_leads)
        """,
        {"lead_id": lead_id},
    )
    connection.execute(
        """
        insert into hand_overs values (
            $key, 'b2b', $lead_id, $number, $due_on, 'A1', 'sales', 'B1', 'call from a seller', 24,
            $score, '+24 Met with a seller', null, null, null, 0.02, null, null
        )
        """,
        {
            "key": key,
            "lead_id": lead_id,
            "number": number,
            "due_on": date(2026, 6, 29) + timedelta(days=number),
            "score": score,
        },
    )
    return key
