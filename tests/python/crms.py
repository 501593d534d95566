"""What belongs here: HubSpot and Salesforce as their documents describe them, on this machine, and
a publication to write into them. No expectations: those stand in the tests."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import duckdb
from receivers import serve

from orchestration.lib.delivered.hubspot import HubSpot
from orchestration.lib.delivered.salesforce import Salesforce
from orchestration.lib.delivered.write_back import Live

TOKEN = "pat-na1-nobody-may-see-this"
CLIENT_SECRET = "nor-this-client-secret"

# What a fault does to one call, in place of the answer or after it: `before` writes nothing.
Fault = Callable[["Handler", Callable[[], None]], None]


@dataclass
class Server:
    """A running CRM: its records by id, the calls it got, and what goes wrong with the next."""

    port: int = 0
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    properties: set[str] = field(default_factory=set)
    options: dict[str, set[str]] = field(default_factory=dict)
    # Of HubSpot: ids that another contact has swallowed. Of Salesforce: leads that are contacts.
    merged: set[str] = field(default_factory=set)
    converted: dict[str, str] = field(default_factory=dict)
    locked: set[str] = field(default_factory=set)
    tokens: set[str] = field(default_factory=lambda: {TOKEN})
    usage: str = "18/5000"
    faults: list[Fault] = field(default_factory=list)
    calls: list[tuple[str, str, Any]] = field(default_factory=list)
    # How often each property of each record was written, with which value.
    writes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def sizes(self) -> list[int]:
        """How many records each call had."""
        return [
            len(body.get("inputs", body.get("records", ())))
            for _, _, body in self.calls
            if "inputs" in body or "records" in body
        ]

    def hubspot(self, **options: Any) -> HubSpot:
        return HubSpot(TOKEN, self.url, seconds=1.0, **options)

    def salesforce(self, **options: Any) -> Salesforce:
        return Salesforce(self.url, **({"token": TOKEN, "seconds": 1.0} | options))


class Handler(BaseHTTPRequestHandler):
    server_data: Server
    protocol_version = "HTTP/1.1"

    def handle_call(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"]))
        is_form = self.headers["Content-Type"] == "application/x-www-form-urlencoded"
        self.body = parse_qs(text.decode()) if is_form else json.loads(text)
        data = self.server_data
        data.calls.append((self.command, self.path, self.body))
        fault = data.faults.pop(0) if data.faults else None
        fault(self, self.work) if fault else self.work()

    do_POST = do_PATCH = handle_call

    def work(self) -> None:
        raise NotImplementedError

    def is_known(self) -> bool:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        return token in self.server_data.tokens

    def answer(self, status: int, document: Any, **headers: str) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "application/json")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        pass


class HubSpotHandler(Handler):
    """POST /crm/objects/<version>/contacts/batch/update."""

    def work(self) -> None:
        data = self.server_data
        if not self.is_known():
            self.answer(401, {"status": "error", "category": "EXPIRED_AUTHENTICATION"})
            return
        if self.path != "/crm/objects/2026-09/contacts/batch/update":
            self.answer(404, {})
            return
        inputs = self.body["inputs"]
        assert len(inputs) <= 100
        assert len({one["id"] for one in inputs}) == len(inputs)
        # What is wrong with a value refuses the whole batch, and quotes it.
        wrong = [
            {"isValid": False, "message": f"{value} was not right", "error": code, "name": name}
            for one in inputs
            for name, value in one["properties"].items()
            for code in self.judge(name, value)
        ]
        if wrong:
            text = f"Property values were not valid: {json.dumps(wrong)}"
            refusal = {"status": "error", "message": text, "category": "VALIDATION_ERROR"}
            self.answer(400, refusal)
            return
        results, missing = [], []
        for one in inputs:
            if one["id"] in data.merged:
                continue
            if one["id"] not in data.records:
                missing.append(one["id"])
                continue
            data.records[one["id"]].update(one["properties"])
            data.writes.append((one["id"], one["properties"]))
            results.append({"id": one["id"], "properties": one["properties"], "archived": False})
        # Their order is not promised.
        document: dict[str, Any] = {"status": "COMPLETE", "results": results[::-1]}
        if missing:
            document |= {
                "numErrors": 1,
                "errors": [
                    {
                        "status": "error",
                        "category": "OBJECT_NOT_FOUND",
                        "message": "Could not get some CONTACT objects",
                        "context": {"ids": ["", *missing]},
                    }
                ],
            }
        self.answer(207 if missing else 200, document)

    def judge(self, name: str, value: str) -> Iterator[str]:
        data = self.server_data
        assert isinstance(value, str)
        if name not in data.properties:
            yield "PROPERTY_DOESNT_EXIST"
        elif value and name in data.options and value not in data.options[name]:
            yield "INVALID_OPTION"


class SalesforceHandler(Handler):
    """PATCH composite/sobjects, POST composite/sobjects/Lead, POST oauth2/token."""

    def work(self) -> None:
        data = self.server_data
        if self.path == "/services/oauth2/token":
            if self.body.get("client_secret") != [CLIENT_SECRET]:
                self.answer(400, {"error": "invalid_client_id"})
                return
            token = f"session-{len(data.calls)}"
            data.tokens = {token}
            self.answer(200, {"access_token": token, "instance_url": data.url})
            return
        if not self.is_known():
            self.answer(401, [{"message": "expired", "errorCode": "INVALID_SESSION_ID"}])
        elif self.path == "/services/data/v62.0/composite/sobjects/Lead":
            found = [
                {"Id": one, "ConvertedContactId": data.converted.get(one)}
                for one in self.body["ids"]
            ]
            self.answer(200, found)
        else:
            assert (self.command, self.path) == ("PATCH", "/services/data/v62.0/composite/sobjects")
            self.update()

    def update(self) -> None:
        data = self.server_data
        records = self.body["records"]
        assert self.body["allOrNone"] is False and len(records) <= 200
        assert len({one["attributes"]["type"] for one in records}) == 1
        strange = {name for one in records for name in one} - {"attributes", "id"} - data.properties
        if strange:
            text = f"No such column '{min(strange)}' on sobject of type Lead"
            self.answer(400, [{"message": text, "errorCode": "INVALID_FIELD"}])
            return
        results = []
        for one in records:
            code = self.judge(one)
            if code:
                error = {"statusCode": code, "message": "Ann Lee is not right", "fields": []}
                results.append({"success": False, "errors": [error]})
                continue
            values = {n: v for n, v in one.items() if n not in ("attributes", "id")}
            data.records[one["id"]].update(values)
            data.writes.append((one["id"], values))
            results.append({"id": one["id"], "success": True, "errors": []})
        self.answer(200, results, Sforce_Limit_Info=f"api-usage={data.usage}")

    def judge(self, one: dict[str, Any]) -> str:
        data = self.server_data
        kind = {"00Q": "Lead", "003": "Contact"}[one["id"][:3]]
        assert one["attributes"] == {"type": kind}
        if one["id"] in data.converted:
            return "CANNOT_UPDATE_CONVERTED_LEAD"
        if one["id"] in data.locked:
            return "UNABLE_TO_LOCK_ROW"
        return "" if one["id"] in data.records else "ENTITY_IS_DELETED"


@contextmanager
def run_crm(handler: type[Handler]) -> Iterator[Server]:
    """A CRM on a free port of this machine, in threads."""
    data = Server()
    bound = type(handler.__name__, (handler,), {"server_data": data})

    with serve(bound) as port:
        data.port = port
        yield data


def say(status: int, document: Any = None, **headers: str) -> Fault:
    """A fault that writes nothing and answers so."""
    return lambda handler, _work: handler.answer(status, document or {}, **headers)


def cut(handler: Handler, work: Callable[[], None]) -> None:
    """Everything is written, and the connection breaks in the middle of the answer."""
    whole, real = [], handler.wfile
    handler.wfile = type("Kept", (), {"write": lambda _self, part: whole.append(part)})()
    handler.wfile.flush = lambda: None
    work()
    handler.flush_headers() if hasattr(handler, "_headers_buffer") else None
    handler.wfile = real
    text = b"".join(whole)
    real.write(text[: len(text) - 20])
    real.flush()
    handler.close_connection = True


def delay(seconds: float) -> Fault:
    """Everything is written, and the answer comes too late."""

    def wait(handler: Handler, work: Callable[[], None]) -> None:
        time.sleep(seconds)
        work()

    return wait


MARTS = """
create table scored_leads (
    model_id varchar, lead_id varchar, score decimal(12, 4), tier varchar, grade varchar,
    tier_since date, reasons_for varchar, action varchar, is_excluded boolean
);
create table hand_overs (
    idempotency_key varchar, model_id varchar, lead_id varchar, hand_over_number bigint,
    due_on date, tier varchar, score decimal(12, 4), reasons varchar, released_at timestamp,
    recycled_on date
);
"""


def publish_leads(
    folder: Path,
    leads: dict[str, float],
    *,
    number: int = 1,
    mapping: str | None = None,
    held: tuple[str, ...] = (),
    sql: str = "",
) -> Live:
    """A publication in a new folder under `folder` in which these leads have these scores; `sql`
    changes its marts before they are written."""
    publication_id = f"2026063{number}T060000Z-000000"
    place = folder / "versions" / publication_id
    (place / "rules").mkdir(parents=True)
    if mapping:
        (place / "rules" / "write_back.csv").write_text(mapping)
    with duckdb.connect() as connection:
        connection.execute(MARTS)
        connection.executemany(
            "insert into scored_leads values ('b2b', ?, ?, 'sales', 'B1', '2026-06-30',"
            " 'Met with a seller', 'call from a seller', false)",
            [list(item) for item in leads.items()],
        )
        connection.execute(sql or "select 1")
        for mart in ("scored_leads", "hand_overs"):
            connection.execute(f"copy {mart} to '{place / mart}.parquet' (format parquet)")
    return Live(publication_id, place, held, "b2b")
