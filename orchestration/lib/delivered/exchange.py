"""What belongs here: one request over HTTP and its answer, with a time limit on the whole of it.
What is told of a failure holds neither an address, nor what was sent, nor what came.
"""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import responses
from typing import Any, Self
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

CONNECT_SECONDS = 5.0

# The answer to a batch is read whole; none is longer.
ANSWER_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class Reply:
    """What came: status, headers and body; or a status of 0 and why nothing came, in `failure`."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    failure: str = ""


def ask(method: str, url: str, *, headers: Mapping[str, str], body: bytes, seconds: float) -> Reply:
    """Send one request and read its whole answer, within `seconds`; redirects are not followed."""
    with open_session(seconds) as (session, cut_off):
        try:
            with session.request(
                method,
                url,
                data=body,
                headers=headers,
                timeout=limit_socket(seconds),
                allow_redirects=False,
                # What stands in .netrc would go before the headers.
                auth=lambda request: request,
                stream=True,
            ) as response:
                content = b""
                for part in response.iter_content(64 * 1024):
                    content += part
                    if len(content) > ANSWER_BYTES:
                        return Reply(0, {}, b"", "an answer that does not end")
                # What was cut off is no answer, however far it had come.
                if not cut_off.has_struck:
                    return Reply(response.status_code, response.headers, content)
        except (requests.RequestException, ValueError) as error:
            if not (cut_off.has_struck or isinstance(error, requests.Timeout)):
                return Reply(0, {}, b"", describe_failure(error))
    return Reply(0, {}, b"", f"no answer within {seconds:g} s")


@contextmanager
def open_session(seconds: float) -> Iterator[tuple[requests.Session, "CutOff"]]:
    """A session all of whose connections are cut off once `seconds` are over."""
    with CutOff(seconds) as cut_off, requests.Session() as session:
        for scheme in ("http://", "https://"):
            session.mount(scheme, WatchedAdapter(cut_off))
        yield session, cut_off


def limit_socket(seconds: float) -> tuple[float, float]:
    """The time limits of one connection, to be made and to be silent, within `seconds`."""
    return min(CONNECT_SECONDS, seconds), seconds


def check_url(name: str, url: str, *, example: str) -> None:
    """ValueError where `url`, the value of the setting `name`, is no address that can be sent to;
    the value itself is not told."""
    try:
        parts = urlsplit(url)
        # The port is read when it is asked for.
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good:
        raise ValueError(f"{name} is not an address that can be sent to: write it as {example}.")


def describe_status(status: int) -> str:
    """An answer's status in words.

    >>> describe_status(503), describe_status(477)
    ('answered 503 Service Unavailable', 'answered 477')
    """
    return f"answered {status} {responses.get(status, '')}".rstrip()


class CutOff:
    """Ends what is sent and received over the sockets that it watches once `seconds` are over,
    whatever they are at: the time limits of sockets begin anew with every byte."""

    def __init__(self, seconds: float) -> None:
        """The time runs from the block's start."""
        self.has_struck = False
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._strike)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        """Let the time run."""
        self._timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Watch nothing any more."""
        self._timer.cancel()
        with self._lock:
            for watched in self._sockets:
                watched.close()
            self._sockets.clear()

    def watch(self, connected: socket.socket) -> None:
        """Watch this socket too. Raises TimeoutError where the time is over."""
        with self._lock:
            if self.has_struck:
                raise TimeoutError
            # One of our own to the same connection: TLS takes the given one apart.
            self._sockets.append(connected.dup())

    def _strike(self) -> None:
        with self._lock:
            self.has_struck = True
            for watched in self._sockets:
                # The other side may have been quicker.
                with suppress(OSError):
                    watched.shutdown(socket.SHUT_RDWR)


class WatchedAdapter(HTTPAdapter):
    """Has every connection that it makes, to the receiver or to a proxy, watched by a cut-off."""

    def __init__(self, cut_off: CutOff) -> None:
        """All connections are watched by this one."""
        self._cut_off = cut_off
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """As requests does, with connections that are watched."""
        super().init_poolmanager(*arguments, **options)
        self._watch(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """As requests does, with connections that are watched."""
        manager = super().proxy_manager_for(proxy, **options)
        self._watch(manager)
        return manager

    def _watch(self, manager: Any) -> None:
        manager.pool_classes_by_scheme = {
            scheme: watch_pool(pool, self._cut_off)
            for scheme, pool in manager.pool_classes_by_scheme.items()
        }


def watch_pool(pool: type, cut_off: CutOff) -> type:
    """A class of urllib3's connection pools whose connections are watched."""

    class Connection(pool.ConnectionCls):  # type: ignore[name-defined, misc]
        def _new_conn(self) -> socket.socket:
            connected = super()._new_conn()
            cut_off.watch(connected)
            return connected

    return type(pool.__name__, (pool,), {"ConnectionCls": Connection})


def read_retry_after(text: str, *, at: datetime) -> float:
    """How many seconds from `at` a Retry-After header asks for, as a number or as a date; 0 where
    it is missing or unreadable.

    >>> at = datetime(2026, 6, 30, 6, tzinfo=UTC)
    >>> [read_retry_after(text, at=at) for text in
    ...     ("120", "Tue, 30 Jun 2026 06:01:00 GMT", "", "soon", "-5")]
    [120.0, 60.0, 0.0, 0.0, 0.0]
    """
    if text.strip().isdecimal():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - at).total_seconds())


def describe_failure(error: BaseException) -> str:
    """Why no answer came, in the words of the operating system: those of the libraries hold the
    address."""
    cause: BaseException | None = error
    while cause:
        if isinstance(cause, OSError) and cause.strerror:
            return f"no connection: {cause.strerror}"
        cause = cause.__cause__ or cause.__context__
    return f"no answer: {type(error).__name__}"
